import type { Diagnostic } from '../values.ts';
import type { Place, SourceText } from './source-text.ts';

/** More than a person can use; a definition that is wrong everywhere must not become a flood. */
const MAX_PROBLEMS = 1000;

/** Collects what is wrong, each problem once. */
export class Problems {
  readonly #found: Diagnostic[] = [];
  #left = 0;

  error(source: SourceText, place: Place, summary: string): void {
    this.#add('error', source, place, summary);
  }

  warning(source: SourceText, place: Place, summary: string): void {
    this.#add('warning', source, place, summary);
  }

  extend(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) {
      if (this.#found.length < MAX_PROBLEMS) this.#found.push(diagnostic);
      else this.#left++;
    }
  }

  get all(): readonly Diagnostic[] {
    const last = this.#found.at(-1);
    if (this.#left === 0 || !last) return this.#found;
    const summary = `${this.#left} more problems are not shown; correct these first`;
    return [...this.#found, { severity: 'error', summary, path: '', range: last.range }];
  }

  #add(severity: Diagnostic['severity'], source: SourceText, place: Place, summary: string): void {
    if (this.#found.length >= MAX_PROBLEMS) this.#left++;
    else this.#found.push({ severity, summary, path: place.path, range: source.range(place) });
  }
}

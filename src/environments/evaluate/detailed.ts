import { isNumberText, type Plain, type SourceRange } from '../values.ts';
import { EVALUATION_LIMITS } from './limits.ts';
import { keysOf, type Origin, propertyOf, type Value } from './value.ts';

export interface DetailedOptions {
  /** `redact` leaves `[secret]` in the place of every secret value. */
  readonly secrets: 'reveal' | 'redact';
}

/**
 * A value with what is known about it, as JSON in the form of the API: `{secret?, trace: {base?, def}, unknown?, value}`,
 * and the same for every member. Numbers stand as they were written.
 *
 * `base` is the value that an import gives at the same place, where it has been replaced. Objects that were merged have
 * none: their members' traces say which is whose. Traces end where they would become larger than a result may be.
 * Written at once, without a tree in between: it is most of what opening an environment costs.
 */
export const writeDetailed = (value: Value, options: DetailedOptions): string =>
  new Writing(options).write(value, true);

class Writing {
  readonly #options: DetailedOptions;
  #left: number = EVALUATION_LIMITS.outputNodes;

  constructor(options: DetailedOptions) {
    this.#options = options;
  }

  write(value: Value, withBase: boolean): string {
    this.#left--;
    const { secret, origin, base, kind, atomic } = value;
    const isHidden = secret && this.#options.secrets === 'redact';
    const content = isHidden ? '"[secret]"' : this.#content(value, withBase);
    const isMerged = kind === 'object' && base?.kind === 'object' && !atomic && !base.atomic;
    const below = base && withBase && !isMerged && this.#left > 0 ? `"base":${this.write(base, false)},` : '';
    const marks = kind === 'unknown' ? '"unknown":true,' : '';
    return `{${secret ? '"secret":true,' : ''}"trace":{${below}"def":${rangeText(origin)}},${marks}"value":${content}}`;
  }

  #content(value: Value, withBase: boolean): string {
    if (value.kind === 'unknown') return '"[unknown]"';
    if (value.kind === 'list') return `[${value.content.map((item) => this.write(item, withBase)).join(',')}]`;
    if (value.kind === 'scalar') {
      const { content } = value;
      if (typeof content === 'string') return JSON.stringify(content.toWellFormed());
      return isNumberText(content) ? content.number : String(content);
    }
    const members: string[] = [];
    for (const key of keysOf(value)) {
      const member = propertyOf(value, key);
      if (member) members.push(`${JSON.stringify(key.toWellFormed())}:${this.write(member, withBase)}`);
    }
    return `{${members.join(',')}}`;
  }
}

/** Places are shared by many values, and documents by many openings. */
const rangeTexts = new WeakMap<object, string>();

const rangeText = ({ source, at }: Origin): string => {
  const known = rangeTexts.get(at);
  if (known !== undefined) return known;
  const { environment, begin, end } = source.range(at);
  const position = ({ byte, column, line }: SourceRange['begin']): string =>
    `{"byte":${byte},"column":${column},"line":${line}}`;
  const text = `{"begin":${position(begin)},"end":${position(end)},"environment":${JSON.stringify(environment)}}`;
  rangeTexts.set(at, text);
  return text;
};

/** A range in the form of the API. */
export const plainRange = ({ environment, begin, end }: SourceRange): Plain => {
  const position = ({ line, column, byte }: SourceRange['begin']): Plain =>
    new Map([line, column, byte].map((number, index) => [POSITION[index] ?? '', { number: String(number) }]));
  return new Map<string, Plain>([
    ['environment', environment],
    ['begin', position(begin)],
    ['end', position(end)],
  ]);
};

const POSITION = ['line', 'column', 'byte'];

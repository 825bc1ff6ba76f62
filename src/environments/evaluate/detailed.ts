import type { Place } from '../syntax/source-text.ts';
import { isNumberText, type Plain, type SourceRange } from '../values.ts';
import { factsOf } from './facts.ts';
import { EVALUATION_LIMITS } from './limits.ts';
import { membersOf, type Origin, type Scalar, type Value } from './value.ts';

export interface DetailedOptions {
  /** `redact` leaves `[secret]` in the place of every secret value. */
  readonly secrets: 'reveal' | 'redact';
}

/**
 * A value with what is known about it, as JSON in the form of the API: `{secret?, trace: {base?, def}, unknown?, value}`,
 * and the same for every member. Numbers stand as they were written.
 *
 * `base` is the value that an import gives at the same place, where it has been replaced. Objects that were merged have
 * none: their members' traces say which is whose. All bases together are no larger than a result may be: those that
 * would be are left out.
 */
export const writeDetailed = (value: Value, options: DetailedOptions): string => {
  const writing = new Writing(options);
  writing.write(value, true);
  return writing.text;
};

/** Writes from the first character to the last, without a tree in between: it is much of what an opening costs. */
class Writing {
  readonly #hidesSecrets: boolean;
  /** What the bases may still take. */
  #nodesLeft: number = EVALUATION_LIMITS.outputNodes;
  #bytesLeft: number = EVALUATION_LIMITS.outputBytes;
  text = '';

  constructor({ secrets }: DetailedOptions) {
    this.#hidesSecrets = secrets === 'redact';
  }

  write(value: Value, withBase: boolean): void {
    const { secret, origin, base, kind } = value;
    if (kind === 'scalar' && !secret && !(base && withBase)) {
      this.text += plainText(value);
      return;
    }
    this.text += secret ? '{"secret":true,"trace":{' : '{"trace":{';
    if (withBase && base && !isMerged(value, base) && this.#hasRoomFor(base)) {
      this.text += '"base":';
      this.write(base, false);
      this.text += ',';
    }
    this.text += definedText(origin);
    if (kind === 'unknown') this.text += '"unknown":true,';
    this.text += '"value":';
    if (secret && this.#hidesSecrets) this.text += '"[secret]"';
    else this.#writeContent(value, withBase);
    this.text += '}';
  }

  #writeContent(value: Value, withBase: boolean): void {
    if (value.kind === 'unknown') this.text += '"[unknown]"';
    else if (value.kind === 'scalar') this.text += scalarText(value.content);
    else if (value.kind === 'list') {
      let before = '[';
      for (const item of value.content) {
        this.text += before;
        this.write(item, withBase);
        before = ',';
      }
      this.text += before === '[' ? '[]' : ']';
    } else {
      let before = '{';
      for (const [key, member] of membersOf(value)) {
        this.text += `${before}${JSON.stringify(key.toWellFormed())}:`;
        this.write(member, withBase);
        before = ',';
      }
      this.text += before === '{' ? '{}' : '}';
    }
  }

  /** Values are shared: what was replaced can be larger than any memory, written out. */
  #hasRoomFor(base: Value): boolean {
    const { nodes, bytes } = factsOf(base);
    if (nodes > this.#nodesLeft || bytes > this.#bytesLeft) return false;
    this.#nodesLeft -= nodes;
    this.#bytesLeft -= bytes;
    return true;
  }
}

const isMerged = (value: Value, base: Value): boolean =>
  value.kind === 'object' && base.kind === 'object' && !value.atomic && !base.atomic;

const scalarText = (content: Scalar['content']): string => {
  if (typeof content === 'string') return JSON.stringify(content.toWellFormed());
  return isNumberText(content) ? content.number : String(content);
};

/**
 * What was written of places. Places are shared by many values, and documents by many openings: most of what one writes
 * was written by the one before. Nothing of a secret is kept.
 *
 * Each text is in one piece: one that was put together of many is put together again by whoever copies it.
 */
const defined = new WeakMap<Place, string>();
const written = new WeakMap<Place, { readonly content: Scalar['content']; readonly text: string }>();

/** A scalar of which there is nothing to say but where it was made. */
const plainText = ({ origin, content }: Scalar): string => {
  const known = written.get(origin.at);
  if (known?.content === content) return known.text;
  const text = ['{"trace":{', rangeText(origin), '"value":', scalarText(content), '}'].join('');
  written.set(origin.at, { content, text });
  return text;
};

/** Where a value was made, and the end of its trace. */
const definedText = (origin: Origin): string => {
  const text = defined.get(origin.at) ?? rangeText(origin);
  defined.set(origin.at, text);
  return text;
};

const rangeText = ({ source, at }: Origin): string => {
  const { environment, begin, end } = source.range(at);
  const position = ({ byte, column, line }: SourceRange['begin']): string =>
    `{"byte":${byte},"column":${column},"line":${line}}`;
  const range = `{"begin":${position(begin)},"end":${position(end)},"environment":${JSON.stringify(environment)}}`;
  return ['"def":', range, '},'].join('');
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

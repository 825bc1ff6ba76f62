import type { Secret } from '../secret.ts';
import type { CloudAnswer } from './clouds.ts';

/**
 * A login that a cloud did not grant: the message is a sentence for whoever asked for it.
 *
 * It says which cloud and what it answered; the hint, what to do about the frequent causes. Neither ever holds a
 * token, key or password.
 */
export class CloudProblem extends Error {
  override readonly name = 'CloudProblem';
  /** HTTP status; absent where there was no answer. */
  readonly status?: number;
  /** The cloud's own name for what went wrong. */
  readonly code?: string;
  /** With places for `HintWords`: see `explain`. */
  readonly hint?: string;

  constructor(
    message: string,
    about: {
      readonly status?: number;
      readonly code?: string | undefined;
      readonly hint?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, about.cause === undefined ? {} : { cause: about.cause });
    if (about.status !== undefined) this.status = about.status;
    if (about.code !== undefined) this.code = about.code;
    if (about.hint !== undefined) this.hint = about.hint;
  }
}

/** What a cloud says when it refuses, in its own words. */
export interface CloudRefusal {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** What to do about a refusal whose code and message look like this. `{…}` is the place of one of the `HintWords`. */
export type Hints = readonly (readonly [looksLike: RegExp, hint: string])[];

/** Where the hints point to, in the words of whoever asked for a login. */
export interface HintWords {
  /** Where one sees what the token says: "compare … with {claims}". */
  readonly claims: string;
  /** What holds the number of a Google project: "check {project}". */
  readonly project: string;
  /** How a subject becomes shorter: "it is too long: {shorten}". */
  readonly shorten: string;
}

/** The hint of a problem, where there is one. */
export const hintOf = ({ hint }: CloudProblem, words: HintWords): string | undefined =>
  hint?.replace(/\{(claims|project|shorten)\}/g, (_place, word: keyof HintWords) => words[word]);

/** The whole of it in one text. */
export const explain = (problem: CloudProblem, words: HintWords): string =>
  [problem.message, hintOf(problem, words)].filter((part) => part !== undefined).join(' ');

/** Clouds that are busy, or could not reach somebody just now, say so with these. */
const PASSING =
  /^(?:Throttling|RequestLimitExceeded|TooManyRequests|SlowDown|ServiceUnavailable|IDPCommunicationError)/;

/** Is it worth asking again in a moment? */
export const isPassing = ({ status, code = '' }: CloudProblem): boolean =>
  status === undefined || status === 429 || status >= 500 || PASSING.test(code);

/** The problem that a refusal is: `secrets` are what was sent, and may come back in the cloud's message. */
export const refusedBy = (
  cloud: string,
  { status }: CloudAnswer,
  { code, message = '' }: CloudRefusal,
  hints: Hints,
  secrets: readonly Secret[],
): CloudProblem => {
  const shownCode = code !== undefined && CODE.test(code) ? code : undefined;
  const shownMessage = scrub(message, secrets);
  const [, hint] = hints.find(([looksLike]) => looksLike.test(`${shownCode ?? ''} ${shownMessage}`)) ?? [];
  const what = `${cloud} refused the login (HTTP ${status}${shownCode === undefined ? '' : `, ${shownCode}`})`;
  const said = shownMessage === '' ? '.' : `: ${shownMessage}`;
  return new CloudProblem(asSentence(what + said), { status, code: shownCode, hint });
};

/** An answer that should hold credentials and does not. */
export const withoutCredentials = (cloud: string, { status }: CloudAnswer): CloudProblem =>
  new CloudProblem(`${cloud} answered with HTTP ${status}, but without credentials that can be read.`, { status });

export const isGranted = ({ status }: CloudAnswer): boolean => status >= 200 && status < 300;

const CODE = /^[\w.:-]{1,64}$/;
const MAX_MESSAGE = 300;

/** A JWT, or its beginning. */
const JWT = /eyJ[\w-]{5,}(?:\.[\w-]*)*/g;
/** Longer than any name, and as dense as only keys are. */
const DENSE = /[\w+=-]{64,}/g;
/** A secret's part that is long enough to be worth something, and to be no word. */
const MIN_PART = 12;

/** A cloud's message on one line, without what was sent and whatever looks like a token, cut to 300 characters. */
export const scrub = (text: string, secrets: readonly Secret[]): string => {
  const parts = secrets.flatMap((secret) => {
    const whole = secret.reveal();
    return [whole, ...whole.split('.').filter((part) => part.length >= MIN_PART)];
  });
  const hidden = parts.filter((part) => part !== '').reduce((rest, part) => rest.replaceAll(part, '[secret]'), text);
  const scrubbed = hidden.replace(JWT, '[secret]').replace(DENSE, '[secret]');
  const line = scrubbed.replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ').trim();
  return line.length <= MAX_MESSAGE ? line : `${line.slice(0, MAX_MESSAGE).trimEnd()}…`;
};

const asSentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

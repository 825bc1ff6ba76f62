import type { Secret } from '../secret.ts';
import type { CloudAnswer } from './clouds.ts';

/**
 * A login that a cloud did not grant: the message is a sentence for the author of the environment.
 *
 * It says which cloud, what it answered and what to do about the frequent causes; never a token, key or password.
 */
export class CloudProblem extends Error {
  override readonly name = 'CloudProblem';
  /** HTTP status; absent where there was no answer. */
  readonly status?: number;
  /** The cloud's own name for what went wrong. */
  readonly code?: string;

  constructor(
    message: string,
    about: { readonly status?: number; readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? {} : { cause: about.cause });
    if (about.status !== undefined) this.status = about.status;
    if (about.code !== undefined) this.code = about.code;
  }
}

/** What a cloud says when it refuses, in its own words. */
export interface CloudRefusal {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** What to do about a refusal whose code and message look like this. */
export type Hints = readonly (readonly [looksLike: RegExp, hint: string])[];

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
  return new CloudProblem(asSentence(what + said) + (hint === undefined ? '' : ` ${hint}`), {
    status,
    ...(shownCode !== undefined && { code: shownCode }),
  });
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

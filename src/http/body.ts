import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Context } from 'koa';
import { Refusal } from '../errors.ts';
import { isJsonObject, parseStrictJson, StrictJsonError } from '../strict-json.ts';
import { limitsOf } from './limits.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false });

/** Reads and checks a JSON body: what a route gets is of its shape, or the request was refused with the field named. */
export type ReadBody<T> = (ctx: Context) => Promise<T>;

/** Deepest nesting of arrays and objects that a body may have. */
const MAX_DEPTH = 16;

/**
 * Makes the reader of one route's body.
 *
 * Promises: no more bytes and no more time than the route's limits; nothing but UTF-8 JSON passes; unknown members
 * are refused by name.
 */
export const bodyReader = <T>(schema: object): ReadBody<T> => {
  // With the first request: to compile all schemas takes longer than everything else that a start does for its routes.
  let compiled: ValidateFunction<T> | undefined;
  return async (ctx) => {
    const value = parse(await readJsonText(ctx));
    compiled ??= ajv.compile<T>(schema);
    const validate = compiled;
    if (!validate(value)) throw new Refusal('invalid_request', { problem: problemOf(validate.errors ?? []) });
    return value;
  };
};

const readJsonText = async (ctx: Context): Promise<string> => {
  const type = ctx.get('content-type');
  if (type !== '' && !/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Refusal('unsupported_media_type', { expected: 'application/json' });
  }
  return readText(ctx);
};

/** What a JSON body with parameters may hold; those that mean nothing are read as well. */
const PARAMETER_LIMITS = { maxDepth: 8, maxMembers: 200 };

/**
 * Reads the parameters of an OAuth request from a form or a JSON object.
 *
 * Promises: no more bytes and no more time than the route's limits, and no name twice (RFC 6749, section 3.2), whether
 * the name is known or not. What the values are is for the route to say.
 */
export const readParameters = async (ctx: Context): Promise<Readonly<Record<string, unknown>>> => {
  const read = PARAMETER_READERS.get(contentType(ctx));
  if (!read) {
    const expected = 'application/x-www-form-urlencoded or application/json';
    throw new Refusal('unsupported_media_type', { expected });
  }
  return read(await readText(ctx));
};

/** The media type, where it stands alone or with the only charset that there is; "" otherwise. */
const contentType = (ctx: Context): string => {
  const [type = '', ...parameters] = ctx
    .get('content-type')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  return parameters.every((parameter) => /^(?:charset="?utf-8"?)?$/.test(parameter)) ? type : '';
};

const jsonParameters = (text: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = parseStrictJson(text, PARAMETER_LIMITS);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    throw new Refusal('invalid_request', { problem: `The body is not acceptable JSON: ${cause.message}.` }, { cause });
  }
  if (!isJsonObject(value)) throw new Refusal('invalid_request', { problem: 'Send a JSON object as the body.' });
  return value;
};

const formParameters = (text: string): Readonly<Record<string, unknown>> => {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    // Only what is surely a name is shown.
    const shown = /^[a-z_]{1,40}$/.test(name) ? name : 'a parameter';
    if (found.has(name)) throw new Refusal('invalid_request', { problem: `${shown}: must not be sent twice` });
    found.set(name, value);
  }
  return Object.fromEntries(found);
};

const PARAMETER_READERS: ReadonlyMap<string, (text: string) => Readonly<Record<string, unknown>>> = new Map([
  ['application/json', jsonParameters],
  ['application/x-www-form-urlencoded', formParameters],
]);

/** A body that is text by itself, whatever its content type says. The same limits count. */
export const readBodyText = (ctx: Context): Promise<string> => readText(ctx);

const readText = async (ctx: Context): Promise<string> => {
  const { bodyBytes, bodySeconds } = limitsOf(ctx);
  if ((ctx.request.length ?? 0) > bodyBytes) throw new Refusal('body_too_large', { limit: bodyBytes });
  const tooLate = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Refusal('request_timeout', { seconds: bodySeconds })),
      bodySeconds * 1000,
    );
    ctx.req.once('close', () => clearTimeout(timer));
  });
  const bytes = await Promise.race([readBytes(ctx, bodyBytes), tooLate]);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Refusal('invalid_request', { problem: 'The body is not UTF-8 text.' }, { cause });
  }
};

const readBytes = async (ctx: Context, limit: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection outlives a refusal: the caller has to get its answer.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new Refusal('body_too_large', { limit });
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal('invalid_request', { problem: 'The body broke off.' }, { cause });
  }
  return Buffer.concat(chunks);
};

const parse = (text: string): unknown => {
  if (text.trim() === '') throw new Refusal('invalid_request', { problem: 'Send a JSON object as the body.' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('invalid_request', { problem: 'The body is not valid JSON.' }, { cause });
  }
  if (isTooDeep(value, MAX_DEPTH)) {
    throw new Refusal('invalid_request', { problem: `The body is nested deeper than ${MAX_DEPTH} levels.` });
  }
  return value;
};

const isTooDeep = (value: unknown, left: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1)));

/** One sentence for one schema error: which field, what it must be. */
const problemOf = (errors: readonly ErrorObject[]): string => {
  const [error] = errors;
  if (!error) return 'The body does not have the expected form.';
  const field = error.instancePath.slice(1).replaceAll('/', '.');
  const at = field === '' ? '' : `${field}: `;
  const alternatives = errors
    .filter(({ keyword }) => keyword === 'required')
    .map(({ params }) => params.missingProperty);
  switch (error.keyword) {
    case 'required':
      if (alternatives.length > 1)
        return `${at}one of ${alternatives.map((name) => `"${name}"`).join(', ')} is missing.`;
      return `${at}"${error.params.missingProperty}" is missing.`;
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `${at}"${String(error.params.additionalProperty ?? error.params.unevaluatedProperty).slice(0, 60)}" is not a member here.`;
    case 'enum':
      return `${at}must be one of ${(error.params.allowedValues as string[]).join(', ')}.`;
    case 'false schema':
      return `${at}does not go together with the other members.`;
    case 'oneOf':
      return `${at}must have exactly one of the possible forms.`;
    default:
      return `${at}${error.message ?? 'is not valid'}.`;
  }
};

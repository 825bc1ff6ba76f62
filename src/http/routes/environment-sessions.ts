import type { Context } from 'koa';
import type { EnvironmentTarget } from '../../access/environments.ts';
import { readHoursMinutesSeconds } from '../../duration.ts';
import { writeDetailed } from '../../environments/evaluate/detailed.ts';
import { writeJson } from '../../environments/evaluate/json-text.ts';
import { EVALUATION_LIMITS } from '../../environments/evaluate/limits.ts';
import { readJson } from '../../environments/evaluate/read-json.ts';
import { readPropertyPath } from '../../environments/syntax/property-path.ts';
import type { Diagnostic, Plain } from '../../environments/values.ts';
import { Refusal } from '../../errors.ts';
import { checkEnvironment } from '../../flows/check-environment.ts';
import { declaredTokens } from '../../flows/declared-tokens.ts';
import type { EnvironmentRoot } from '../../flows/environment-graph.ts';
import type { OpenEnvironmentParts } from '../../flows/environment-opener.ts';
import { openEnvironment } from '../../flows/open-environment.ts';
import { readOpenSession } from '../../flows/read-open-session.ts';
import { readBodyText } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { answerProblems, showDiagnostic } from './environment-answers.ts';
import { expressionsOf } from './environment-expressions.ts';

const BASE = '/api/esc/environments/:org';
const NAMED = `${BASE}/:project/:environment`;
const DEFAULT_DURATION = 7200;
const LONGEST_DURATION = 24 * 3600;

/** `…/open`, `…/check` and the sessions that opening makes: the paths of the contract's section 2.8. */
export const addEnvironmentSessionRoutes = (door: ApiDoor, parts: OpenEnvironmentParts): void => {
  const open = async (ctx: Context, rootOf: () => EnvironmentRoot | Promise<EnvironmentRoot>): Promise<void> => {
    const { principal, organization } = await door.caller(ctx);
    const request = {
      root: await rootOf(),
      duration: durationIn(ctx),
      eager: flagIn(ctx, 'eager'),
      ...propertyIn(ctx),
    };
    ctx.set('Cache-Control', 'no-store');
    if (flagIn(ctx, 'tokensOnly')) {
      const { tokens, diagnostics } = await declaredTokens(parts, principal, organization, request);
      if (answerProblems(ctx, diagnostics)) return;
      ctx.body = { tokens, ...(diagnostics.length > 0 && { diagnostics: diagnostics.map(showDiagnostic) }) };
      return;
    }
    const { id, diagnostics } = await openEnvironment(parts, principal, organization, request);
    if (id === undefined) answerProblems(ctx, diagnostics);
    else ctx.body = { id, ...(diagnostics.length > 0 && { diagnostics: diagnostics.map(showDiagnostic) }) };
  };
  const placeOf = (ctx: Context) => ({
    project: parameterOf(ctx, 'project'),
    name: parameterOf(ctx, 'environment'),
  });
  const named = (ctx: Context): EnvironmentRoot => ({
    place: placeOf(ctx),
    ...(parameterOf(ctx, 'version') !== '' && { version: parameterOf(ctx, 'version') }),
  });
  const anonymous = async (ctx: Context): Promise<EnvironmentRoot> => ({ text: await readBodyText(ctx) });

  door.post(`${BASE}/yaml/check`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.set('Cache-Control', 'no-store');
    const root = { text: await readBodyText(ctx) };
    const showSecrets = flagIn(ctx, 'showSecrets');
    const { evaluation, diagnostics } = await checkEnvironment(parts, principal, organization, root, {
      showSecrets,
    });
    if (answerProblems(ctx, diagnostics)) return;
    const secrets = showSecrets ? 'reveal' : 'redact';
    const detailed = evaluation.value ? readDetailed(writeDetailed(evaluation.value, { secrets })) : undefined;
    answerJson(ctx, environmentOf(detailed, diagnostics, expressionsOf(root.text)));
  });
  door.post(`${BASE}/yaml/open`, (ctx) => open(ctx, () => anonymous(ctx)));
  door.post(`${NAMED}/open`, (ctx) => open(ctx, () => named(ctx)));
  door.post(`${NAMED}/versions/:version/open`, (ctx) => open(ctx, () => named(ctx)));

  const read = async (ctx: Context, place?: EnvironmentTarget): Promise<void> => {
    const { principal, organization } = await door.caller(ctx);
    const { property } = propertyIn(ctx);
    const session = { id: parameterOf(ctx, 'session'), ...(place && { place }) };
    const content = await readOpenSession(parts, principal, organization, session);
    ctx.set('Cache-Control', 'no-store');
    const detailed = content === '' ? undefined : readDetailed(content);
    if (property) answerJson(ctx, propertyOf(detailed, property) ?? NOTHING);
    else answerJson(ctx, environmentOf(detailed, []));
  };
  door.get(`${BASE}/yaml/open/:session`, (ctx) => read(ctx));
  door.get(`${NAMED}/open/:session`, (ctx) => read(ctx, placeOf(ctx)));
  // The published description has it so for one property; clients are generated from that.
  door.get(`${NAMED}/open//:session`, (ctx) => read(ctx, placeOf(ctx)));
};

/** What stands where nothing does. */
const NOTHING: Plain = new Map<string, Plain>([
  ['value', null],
  ['trace', new Map()],
]);

const answerJson = (ctx: Context, value: Plain): void => {
  ctx.type = 'application/json';
  ctx.body = writeJson(value);
};

/** An `Environment` of the API, made of the detailed root value. */
const environmentOf = (root: Plain | undefined, diagnostics: readonly Diagnostic[], expressions?: Plain): Plain => {
  const value = root instanceof Map ? root.get('value') : undefined;
  return new Map<string, Plain>([
    ...(expressions === undefined ? [] : [['exprs', expressions] as [string, Plain]]),
    ['properties', value instanceof Map ? value : new Map()],
    ...(diagnostics.length > 0
      ? [['diagnostics', readJson(JSON.stringify(diagnostics.map(showDiagnostic)))] as [string, Plain]]
      : []),
  ]);
};

/** The detailed value at a path; `undefined` where there is none. */
const propertyOf = (root: Plain | undefined, path: readonly (string | number)[]): Plain | undefined => {
  let found = root;
  for (const step of path) {
    const value: Plain | undefined = found instanceof Map ? found.get('value') : undefined;
    if (typeof step === 'string') found = value instanceof Map ? value.get(step) : undefined;
    else found = Array.isArray(value) ? value[step] : undefined;
  }
  return found;
};

/** The detailed form takes two levels for each level of a value, and two around the whole. */
const readDetailed = (text: string): Plain => readJson(text, 2 * EVALUATION_LIMITS.valueDepth + 2);

const durationIn = (ctx: Context): number => {
  const text = ctx.query['duration'];
  if (text === undefined || text === '') return DEFAULT_DURATION;
  const seconds = typeof text === 'string' ? readHoursMinutesSeconds(text) : undefined;
  if (seconds !== undefined && seconds >= 1 && seconds <= LONGEST_DURATION) return seconds;
  throw new Refusal('invalid_request', {
    problem: `duration: must be hours, minutes and seconds, such as 2h0m0s, and at most ${LONGEST_DURATION / 3600}h`,
  });
};

const propertyIn = (ctx: Context): { readonly property?: readonly (string | number)[] } => {
  const text = ctx.query['property'];
  if (text === undefined || text === '') return {};
  const path =
    typeof text === 'string' && text.length <= 1000 ? readPropertyPath(text) : { problem: 'must be one path' };
  if ('problem' in path) throw new Refusal('invalid_request', { problem: `property: ${path.problem}` });
  return { property: path };
};

const flagIn = (ctx: Context, name: string): boolean => ctx.query[name] === 'true';

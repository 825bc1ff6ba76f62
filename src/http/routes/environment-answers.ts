import type { Context } from 'koa';
import type { Diagnostic } from '../../environments/values.ts';
import { Refusal } from '../../errors.ts';
import type { ReadDefinition } from '../../flows/read-environments.ts';
import { answerTo, writeAnswer } from '../answer.ts';
import { stateOf } from '../context.ts';

/** Clients of the contract read the number of a revision from here. */
const REVISION_HEADER = 'Pulumi-ESC-Revision';
const YAML = 'application/x-yaml';

/** Answers 400 with everything that is wrong, where something is; warnings alone forbid nothing. */
export const answerProblems = (ctx: Context, diagnostics: readonly Diagnostic[]): boolean => {
  if (!diagnostics.some(({ severity }) => severity === 'error')) return false;
  const told = answerTo(new Refusal('definition_invalid'));
  const state = stateOf(ctx);
  state.refusal = told.refusal;
  writeAnswer(ctx, told, state.requestId);
  ctx.body = { ...(ctx.body as object), diagnostics: diagnostics.map(showDiagnostic) };
  return true;
};

/** Warnings beside what was opened. The contract has them one level deeper here than where something is refused. */
export const warningsBeside = (diagnostics: readonly Diagnostic[]) =>
  diagnostics.length > 0 ? { diagnostics: { diagnostics: diagnostics.map(showDiagnostic) } } : {};

/** Clients take a problem without a severity for an error, and the contract's schema has no such member. */
export const showDiagnostic = ({ severity, summary, path, range }: Diagnostic) => ({
  summary,
  path,
  range,
  ...(severity === 'warning' && { severity }),
});

/** Says which revision an answer is about, for clients and for whoever changes it. */
export const writeRevision = (ctx: Context, environmentId: string, revision: number): void => {
  ctx.set('ETag', `"${environmentId}:${revision}"`);
  ctx.set(REVISION_HEADER, String(revision));
};

/** Answers with a definition, which is for this caller alone, or with why there is none. */
export const answerDefinition = (ctx: Context, { environment, revision, text, diagnostics }: ReadDefinition): void => {
  if (answerProblems(ctx, diagnostics)) return;
  writeRevision(ctx, environment.id, revision);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = text;
  ctx.type = YAML;
};

import type { Context } from 'koa';
import type { FieldProblem } from '../../deployments/settings/cloud-settings.ts';
import { Refusal } from '../../errors.ts';
import { answerTo, writeAnswer } from '../answer.ts';
import { stateOf } from '../context.ts';

/** Answers 400 with everything that is wrong with what was sent, field by field. Contract section 3.5. */
export const answerFieldProblems = (ctx: Context, resource: string, problems: readonly FieldProblem[]): void => {
  const [first] = problems;
  const told = answerTo(new Refusal('invalid_settings', { path: first?.path ?? '', problem: first?.problem ?? '' }));
  const state = stateOf(ctx);
  state.refusal = told.refusal;
  writeAnswer(ctx, told, state.requestId);
  const errors = problems.map(({ path, kind, problem }) => ({
    resource,
    attribute: path,
    errorType: kind,
    customMessage: problem,
  }));
  ctx.body = { ...(ctx.body as object), errors };
};

import { type DeleteStackParts, deleteStack } from '../../flows/delete-stack.ts';
import { checkNames } from '../../flows/start-run.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { answerLeftBehind } from './quarantine.ts';

/** `/api/stacks/{org}/{project}/{stack}`: forget a stack and its id. */
export const addStackRoutes = (door: ApiDoor, parts: DeleteStackParts): void => {
  door.delete('/api/stacks/:org/:project/:stack', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const target = { project: parameterOf(ctx, 'project'), stack: parameterOf(ctx, 'stack') };
    checkNames(target);
    answerLeftBehind(ctx, await deleteStack(parts, principal, organization, target));
  });
};

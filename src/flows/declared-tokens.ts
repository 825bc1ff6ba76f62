import { hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { PendingCall } from '../environments/evaluate/run.ts';
import { type LoginOutcome, openLogin } from '../environments/providers/open-login.ts';
import { ANONYMOUS_ENVIRONMENT, type Diagnostic } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import { checkLoaded, hasErrors } from './check-environment.ts';
import {
  allProblems,
  evaluate,
  failed,
  loginOf,
  type OpenEnvironmentParts,
  type OpenRequest,
  openerOf,
  refuseDefinition,
  rehearse,
  toolsOf,
  traceOf,
} from './environment-opener.ts';
import { recordRefusals } from './trace.ts';

/** An ID token that a declared login would be opened with. */
export interface DeclaredToken {
  /** The environment that declares the login. */
  readonly environment: string;
  readonly provider: string;
  readonly token: string;
}

/**
 * The ID tokens with which the logins of an environment would be opened; no cloud is called.
 *
 * Who holds such a token can be the environment's at any cloud that trusts it, so it takes `write` on each
 * environment that declares one of these logins. Logins that need the output of another one are not among them.
 * With anything wrong, or not permitted, not one token is signed.
 */
export const declaredTokens = (
  parts: OpenEnvironmentParts,
  principal: Principal,
  organization: Organization,
  request: OpenRequest,
): Promise<{ readonly tokens: readonly DeclaredToken[]; readonly diagnostics: readonly Diagnostic[] }> => {
  const trace = traceOf(principal, organization, request);
  const refuse = async (diagnostics: readonly Diagnostic[]) => ({
    tokens: [],
    ...(await refuseDefinition(parts, trace, diagnostics)),
  });
  return recordRefusals(parts.audit, trace, async () => {
    // 1. As for opening.
    const opener = await openerOf(parts, principal, organization, request);
    const checked = checkLoaded(opener.loaded, principal, organization);
    if (hasErrors(checked.diagnostics)) return refuse(checked.diagnostics);
    const { calls } = evaluate(opener, request, new Map());
    const rehearsed = await rehearse(parts, opener, calls);
    const diagnostics = allProblems(opener, evaluate(opener, request, failed(rehearsed)));
    if (hasErrors(diagnostics)) return refuse(diagnostics);

    // 2. Who may have them.
    const logins = calls.filter(({ id }) => isToken(rehearsed.get(id)));
    const forbidden = logins.find(({ environment: { current } }) => current && !hasAccess(principal, current, 'write'));
    if (forbidden) {
      const environment = environmentOf(forbidden);
      throw new Refusal('environment_not_permitted', { environment, access: 'write' });
    }

    // 3. The tokens, one after the other.
    const tokens: DeclaredToken[] = [];
    for (const call of logins) {
      const outcome = await openLogin(loginOf(call, opener), { ...toolsOf(parts, opener), tokensOnly: true });
      if (!isToken(outcome)) throw new Error('a login gives no token although its rehearsal did');
      tokens.push({ environment: environmentOf(call), provider: call.provider, token: outcome.output });
    }
    return { tokens, diagnostics };
  });
};

const environmentOf = ({ environment: { current } }: PendingCall): string =>
  current ? `${current.project}/${current.name}` : ANONYMOUS_ENVIRONMENT;

const isToken = (outcome: LoginOutcome | undefined): outcome is { readonly output: string } =>
  outcome !== undefined && 'output' in outcome && typeof outcome.output === 'string';

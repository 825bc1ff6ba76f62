import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import { actingFor, type Principal } from '../access/principal.ts';
import { type Evaluation, evaluateGraph } from '../environments/evaluate/evaluate-graph.ts';
import type { PendingCall, ProviderSchema } from '../environments/evaluate/run.ts';
import { findInputProblems, pathText } from '../environments/providers/inputs.ts';
import { LOGIN_PROVIDERS_BY_NAME } from '../environments/providers/table.ts';
import type { Diagnostic, Plain } from '../environments/values.ts';
import { type EnvironmentRoot, type LoadedEnvironment, loadEnvironmentGraph } from './environment-graph.ts';
import type { EnvironmentParts } from './environment-parts.ts';

/** What a check found. */
export interface CheckedEnvironment {
  readonly evaluation: Evaluation;
  /** Everything that is wrong, wherever it stands: in the document, in what it imports, in what it means. */
  readonly diagnostics: readonly Diagnostic[];
}

/** All logins merge as a whole: parts of one credential never mix with those of another. */
export const PROVIDER_SCHEMAS: ReadonlyMap<string, ProviderSchema> = new Map(
  [...LOGIN_PROVIDERS_BY_NAME].map(([name, { inputs, outputs }]) => [name, { inputs, outputs, scalarOutput: true }]),
);

/**
 * Checks a definition without opening anything: no token is minted, nobody is called, no secret is decrypted.
 *
 * `showSecrets` decrypts those of what is imported, and then takes what the caller may `open`, not only `read`.
 */
export const checkEnvironment = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  root: EnvironmentRoot,
  { showSecrets = false }: { readonly showSecrets?: boolean } = {},
): Promise<CheckedEnvironment> => {
  const level = showSecrets ? 'open' : 'read';
  const loaded = await loadEnvironmentGraph(parts, principal, organization, root, level);
  return checkLoaded(loaded, principal, organization, showSecrets);
};

/** Checks a text that is to become the definition of an environment that exists. */
export const checkDefinition = (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  place: EnvironmentTarget,
  text: string,
): Promise<CheckedEnvironment> => checkEnvironment(parts, principal, organization, { place, text });

export const checkLoaded = (
  { graph, decrypt }: Pick<LoadedEnvironment, 'graph' | 'decrypt'>,
  principal: Principal,
  organization: Organization,
  showSecrets = false,
): CheckedEnvironment => {
  const context = executionContext(principal, organization);
  const options = { mode: 'check', context, decrypt, showSecrets, providers: PROVIDER_SCHEMAS } as const;
  const evaluation = evaluateGraph(graph, options);
  const ofLogins = loginProblems(evaluation.declared);
  return { evaluation, diagnostics: [...graph.root.parsed.diagnostics, ...evaluation.diagnostics, ...ofLogins] };
};

/** What the logins say of their inputs beyond their schemas, which the evaluation has checked. */
export const loginProblems = (calls: readonly PendingCall[]): readonly Diagnostic[] =>
  calls.flatMap(({ provider, inputs, path, inputsRange }) => {
    const login = LOGIN_PROVIDERS_BY_NAME.get(provider);
    return (login ? findInputProblems(login, inputs) : []).map((problem) => {
      const where = pathText(problem.path);
      const summary = where === '' ? problem.summary : `${where}: ${problem.summary}`;
      return { severity: problem.severity, summary, path, range: inputsRange };
    });
  });

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');

/** What `${context.pulumi}` says. Contract section 2.4; for machine tokens the login is the organization's name. */
export const executionContext = (
  principal: Principal,
  organization: Organization,
  openDuration?: string,
): ReadonlyMap<string, Plain> => {
  const { user, token } = actingFor(principal);
  const pulumi = new Map<string, Plain>([
    ['user', new Map([['login', user]])],
    ['organization', new Map([['login', organization.name]])],
    [
      'token',
      new Map([
        ['type', token.type],
        ['team', token.team],
        ['name', principal.tokenName],
      ]),
    ],
  ]);
  if (openDuration !== undefined) pulumi.set('openDuration', openDuration);
  return new Map([['pulumi', pulumi]]);
};

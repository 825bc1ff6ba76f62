import { hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import { actingFor, type Principal } from '../access/principal.ts';
import type { Clouds } from '../clouds/clouds.ts';
import { type Evaluation, evaluateGraph } from '../environments/evaluate/evaluate-graph.ts';
import type { EnvironmentIdentity } from '../environments/evaluate/graph.ts';
import type { PendingCall, ProviderOutcome } from '../environments/evaluate/run.ts';
import { type Overrides, showOverrides } from '../environments/overrides.ts';
import { type LoginOutcome, type LoginTools, openLogin } from '../environments/providers/open-login.ts';
import type { LoginContext, TokenRules } from '../environments/providers/token-for.ts';
import type { OpenSessions } from '../environments/sessions.ts';
import { ANONYMOUS_ENVIRONMENT, type Diagnostic } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import type { Identified } from '../runs/run.ts';
import { Secret } from '../secret.ts';
import type { Random } from '../system.ts';
import type { OpenedEnvironment } from '../tokens/environment.ts';
import type { SigningKey } from '../tokens/mint.ts';
import { executionContext, PROVIDER_SCHEMAS } from './check-environment.ts';
import type { RunIssuer } from './draft-for-run.ts';
import { type EnvironmentRoot, type LoadedEnvironment, loadEnvironmentGraph } from './environment-graph.ts';
import type { EnvironmentParts } from './environment-parts.ts';
import { shownEnvironment } from './find-environment.ts';
import { mintForEnvironment } from './mint-for-environment.ts';
import { actorOf, refuseAndRecord, type Trace } from './trace.ts';

export interface OpenEnvironmentParts extends EnvironmentParts {
  readonly random: Random;
  readonly sessions: OpenSessions;
  /** The ways to the clouds, with what the operator permits this organization. */
  clouds(organization: string): Clouds;
  readonly environmentIssuers: Readonly<Record<'v1' | 'v2', RunIssuer>>;
  readonly tokenRules: TokenRules;
  signer(issuer: 'v1' | 'v2'): SigningKey | undefined;
  /** Most milliseconds that all calls of one opening take together; a call that is under way then counts as failed. */
  readonly openingMs: number;
}

export interface OpenRequest {
  readonly root: EnvironmentRoot;
  /** Seconds that the session is kept. */
  readonly duration: number;
  /** Opens what this part of the values needs, and nothing else. */
  readonly property?: readonly (string | number)[];
  /** Opens everything that is declared, needed or not. */
  readonly eager: boolean;
  /** Imports that others take the place of, this time. */
  readonly overrides?: Overrides;
}

/** Longest version that there can be. */
const MAX_SHOWN_VERSION = 100;

type OpenTrace = Trace & { readonly kind: 'environment.open' };

/** What the audit log says of an opening, before its outcome is known. */
export const traceOf = (
  principal: Principal,
  organization: Organization,
  { root, overrides }: OpenRequest,
): OpenTrace => ({
  kind: 'environment.open',
  organization: organization.name,
  actor: actorOf(principal),
  detail: {
    ...('place' in root
      ? {
          root: shownEnvironment(root.place),
          ...(root.version && { version: root.version.slice(0, MAX_SHOWN_VERSION) }),
        }
      : { root: ANONYMOUS_ENVIRONMENT }),
    ...(overrides && { overrides: showOverrides(overrides) }),
  },
});

/** Leaves the trace of a definition that cannot be opened; the caller is told what is wrong with it. */
export const refuseDefinition = async (
  parts: OpenEnvironmentParts,
  trace: OpenTrace,
  diagnostics: readonly Diagnostic[],
): Promise<{ readonly diagnostics: readonly Diagnostic[] }> => {
  const detail = { ...trace.detail, problems: diagnostics.length };
  await refuseAndRecord(parts.audit, { ...trace, detail }, new Refusal('definition_invalid'));
  return { diagnostics };
};

/** Who opens what: all that a token's claims are made of, besides the place of the login. */
export interface Opener {
  readonly principal: Principal;
  readonly organization: Organization;
  readonly owner: Identified;
  readonly loaded: LoadedEnvironment;
}

/** Loads what is asked for. Refuses a root that is not there or not permitted. */
export const openerOf = async (
  parts: OpenEnvironmentParts,
  principal: Principal,
  organization: Organization,
  request: OpenRequest,
): Promise<Opener> => {
  const { root, overrides } = request;
  const loaded = await loadEnvironmentGraph(parts, principal, organization, root, 'open', overrides);
  return { principal, organization, owner: loaded.owner, loaded };
};

/** Everything that is wrong, in the writing and in the meaning. */
export const allProblems = ({ loaded }: Opener, { diagnostics }: Evaluation): readonly Diagnostic[] => [
  ...loaded.graph.root.parsed.diagnostics,
  ...diagnostics,
];

/** One evaluation, with what came of the calls so far. */
export const evaluate = (
  { principal, organization, loaded }: Opener,
  { duration, property, eager }: OpenRequest,
  outputs: ReadonlyMap<string, ProviderOutcome>,
): Evaluation =>
  evaluateGraph(loaded.graph, {
    mode: 'open',
    context: executionContext(principal, organization, goDuration(duration)),
    decrypt: loaded.decrypt,
    providers: PROVIDER_SCHEMAS,
    outputs,
    eager,
    ...(property && { property }),
  });

/** The call as its provider gets it: who opens what comes from the graph and the principal. */
export const loginOf = (call: PendingCall, opener: Opener) => {
  const { current, root } = call.environment;
  const { user, token } = actingFor(opener.principal);
  const context: LoginContext = {
    organization: opener.owner,
    user,
    token,
    ...(current && { current: identified(current) }),
    ...(root && { root: identified(root) }),
  };
  return { provider: call.provider, inputs: call.inputs, context };
};

const identified = ({ project, name, id, revision }: EnvironmentIdentity): OpenedEnvironment => {
  if (id === undefined) throw new Error('an environment that was loaded has an id');
  return { project, name, id, ...(revision !== undefined && { revision }) };
};

export const toolsOf = (
  parts: OpenEnvironmentParts,
  { principal, organization }: Opener,
): Omit<LoginTools, 'tokensOnly'> => ({
  issuers: parts.environmentIssuers,
  rules: parts.tokenRules,
  clouds: parts.clouds(organization.name),
  mint: (draft, issuer, lifetime) =>
    mintForEnvironment(
      parts,
      { organization: organization.name, actor: actorOf(principal) },
      { draft, issuer, lifetime },
    ),
});

/**
 * What would come of the calls, with nothing signed and nobody called: a text where there would be a token.
 *
 * The only step that all calls go through: what fails here is never made.
 */
export const rehearse = async (
  parts: OpenEnvironmentParts,
  opener: Opener,
  calls: readonly PendingCall[],
): Promise<ReadonlyMap<string, LoginOutcome>> => {
  const tools = { ...toolsOf(parts, opener), mint: async () => new Secret(''), tokensOnly: true };
  const outcomes = calls.map(async (call) => {
    const outcome = problemWithOverrides(call, opener) ?? (await openLogin(loginOf(call, opener), tools));
    return [call.id, outcome] as const;
  });
  return new Map(await Promise.all(outcomes));
};

/**
 * Whoever may open an environment may not decide where its logins go: that is for those who may change it. An
 * override below it would do just that, since what a login asks for may come from an import.
 */
const problemWithOverrides = (
  { provider, environment: { current, key } }: PendingCall,
  { principal, loaded }: Opener,
): { readonly error: string } | undefined => {
  if (!current || !loaded.changed.has(key) || hasAccess(principal, current, 'write')) return undefined;
  const environment = shownEnvironment(current);
  return {
    error: `fn::open::${provider} stays closed: an override changes what ${environment} imports, and no role of yours lets you change ${environment}`,
  };
};

/** Those that cannot be. */
export const failed = (outcomes: ReadonlyMap<string, LoginOutcome>): ReadonlyMap<string, ProviderOutcome> =>
  new Map([...outcomes].filter(([, outcome]) => 'error' in outcome));

/** As Go writes it: `2h0m0s`. */
const goDuration = (seconds: number): string => {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = [
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(hours > 0 || minutes > 0 ? [`${minutes}m`] : []),
    `${seconds % 60}s`,
  ];
  return parts.join('');
};

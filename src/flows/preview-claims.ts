import { LOGIN_PROVIDERS } from '../access/login-providers.ts';
import { problemWithName } from '../access/names.ts';
import type { Operation, Organization } from '../access/organization.ts';
import { actingFor, mayRun, type Principal } from '../access/principal.ts';
import type { SettingsRecords } from '../deployments/settings/settings-records.ts';
import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import { type Identifier, withStandIns } from '../runs/stand-ins.ts';
import type { Draft } from '../tokens/draft.ts';
import { draftEnvironmentToken, draftEnvironmentTokenWithIds, type OpenedEnvironment } from '../tokens/environment.ts';
import { headerOf, type SigningKey } from '../tokens/mint.ts';
import {
  type EnvironmentName,
  SUBJECT_ATTRIBUTES,
  type SubjectAttribute,
  splitEnvironmentPath,
} from '../tokens/subject.ts';
import { administratorsOnly } from './administrators-only.ts';
import {
  audienceFor,
  type DraftedRun,
  draftForRun,
  nextRunOf,
  type RunIssuer,
  refuseImpossible,
  type TokenWish,
} from './draft-for-run.ts';
import { checkNames } from './start-run.ts';

export interface PreviewParts {
  readonly directory: Directory;
  readonly stackSettings: Pick<SettingsRecords, 'load'>;
  signer(issuer: RunIssuer['name']): Pick<SigningKey, 'kid' | 'alg'> | undefined;
}

export type PreviewRequest = TokenWish & ({ readonly run: NamedRun } | { readonly environment: EnvironmentPreview });

export interface EnvironmentPreview {
  /** `project/name`, or a bare name in the legacy `default` project. */
  readonly root: string;
  /** The environment that declares the login; absent: the root itself. */
  readonly current?: string;
  readonly subjectAttributes?: readonly string[];
}

export interface Preview {
  readonly header: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Shows what would be signed: the same draft as the token's, without times and `jti`, and unsigned.
 *
 * For runs, who may start the run may preview it; for environments, organization administrators.
 * v2 gives ids to names at first sight, here as everywhere: only so are they known before the first run. v1 shows no
 * id, so there nothing comes into being.
 */
export const previewClaims = async (
  parts: PreviewParts,
  issuer: RunIssuer,
  principal: Principal,
  organization: Organization,
  request: PreviewRequest,
): Promise<Preview> => {
  if (!('run' in request) && request.target !== undefined) {
    throw new Refusal('invalid_request', {
      problem: 'target: is for runs; a login of an environment says it by itself',
    });
  }
  const directory = issuer.name === 'v2' ? parts.directory : withStandIns(parts.directory).directory;
  const draft =
    'run' in request
      ? await draftRun({ ...parts, directory }, issuer, principal, organization, request.run, request)
      : await draftEnvironment(directory, issuer, principal, organization, request.environment, request.audience);
  const key = parts.signer(issuer.name);
  if (!key) throw new Refusal('issuing_paused');
  const { sub, aud, claims, aws } = draft;
  return { header: headerOf(key), claims: { iss: issuer.url, sub, aud, ...claims, ...aws } };
};

const draftRun = async (
  parts: ThinkingParts & Pick<PreviewParts, 'signer'>,
  issuer: RunIssuer,
  principal: Principal,
  organization: Organization,
  run: NamedRun,
  wish: TokenWish,
): Promise<Draft> => {
  permitted(principal, run);
  if (wish.target === undefined || wish.audience !== undefined) audienceFor(issuer, organization.name, wish.audience);
  const thought = await thinkOfRun(parts, principal, organization, run);
  const draft = draftForRun(issuer, organization, thought, wish);
  if (wish.target) refuseImpossible(wish.target, thought, draft, parts.signer(issuer.name)?.alg);
  return draft;
};

/** A run by its names, as callers think of one. */
export interface NamedRun {
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
}

const permitted = (principal: Principal, run: NamedRun): void => {
  checkNames(run);
  if (!mayRun(principal, run)) throw new Refusal('run_not_permitted', { ...run });
};

interface ThinkingParts extends Pick<PreviewParts, 'stackSettings'> {
  readonly directory: Identifier;
}

/** The next run of a stack, for whoever may start it; nobody starts it. */
export const thinkOfRun = async (
  parts: ThinkingParts,
  principal: Principal,
  organization: Organization,
  run: NamedRun,
): Promise<DraftedRun> => {
  permitted(principal, run);
  const owner = await parts.directory.organization(organization.name, organization.id);
  const stack = await parts.directory.stack(owner, run.project, run.stack);
  const { settings } = await parts.stackSettings.load(stack.id);
  return nextRunOf(owner, stack, run.operation, principal.name, settings?.clouds);
};

/** The token of a login of an environment, as organization administrators may preview it. */
export const draftEnvironment = async (
  directory: Identifier,
  issuer: RunIssuer,
  principal: Principal,
  organization: Organization,
  asked: EnvironmentPreview,
  audience: string | undefined,
): Promise<Draft> => {
  administratorsOnly(principal, "preview an environment's claims");
  const root = readEnvironmentName('root', asked.root);
  const current = asked.current === undefined ? root : readEnvironmentName('current', asked.current);
  const attributes = (asked.subjectAttributes ?? []).map(readAttribute);
  const aud = environmentAudience(issuer, organization.name, audience);
  const owner = await directory.organization(organization.name, organization.id);
  const identify = async ({ project, name }: EnvironmentName): Promise<OpenedEnvironment> => ({
    project,
    name,
    id: (await directory.environment(owner, project, name)).id,
  });
  const opening = {
    organization: owner,
    root: await identify(root),
    current: await identify(current),
    ...actingFor(principal),
  };
  if (issuer.name === 'v1') return draftEnvironmentToken(issuer.subjectPrefix, opening, attributes, aud);
  if (attributes.length > 0) {
    throw new Refusal('invalid_request', { problem: 'subjectAttributes: the v2 issuer does not take them' });
  }
  return draftEnvironmentTokenWithIds(issuer.subjectPrefix, issuer.claimNamespace, opening, aud);
};

/** v1: `<provider>:<organization>`, or the plain organization, or what the operator lists. Contract section 2.2. */
export const environmentAudience = (issuer: RunIssuer, organization: string, asked: string | undefined): string => {
  const ofLogin = LOGIN_PROVIDERS.map((provider) => `${provider}:${organization}`).find(
    (audience) => audience === asked,
  );
  return issuer.name === 'v1' && ofLogin !== undefined ? ofLogin : audienceFor(issuer, organization, asked);
};

/** `project/name`, or a bare name in the legacy `default` project; refused with the field where it is none. */
export const readEnvironmentName = (field: string, path: string): EnvironmentName => {
  const environment = splitEnvironmentPath(path);
  const problem = environment
    ? (problemWithName('project', environment.project) ?? problemWithName('environment', environment.name))
    : 'must be "project/name" or "name"';
  if (!environment || problem) throw new Refusal('invalid_name', { field, problem: problem ?? '' });
  return environment;
};

const readAttribute = (text: string): SubjectAttribute => {
  const known = SUBJECT_ATTRIBUTES.find((attribute) => attribute === text);
  if (known) return known;
  throw new Refusal('invalid_request', {
    problem: `subjectAttributes: takes ${SUBJECT_ATTRIBUTES.map((attribute) => `"${attribute}"`).join(', ')}`,
  });
};

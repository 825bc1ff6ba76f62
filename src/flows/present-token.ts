import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { TARGETS, type Target } from '../deployments/settings/cloud-settings.ts';
import { resolveSessionName } from '../deployments/settings/session-name.ts';
import { audienceAt } from '../deployments/settings/target-audience.ts';
import { Refusal } from '../errors.ts';
import type { RunRecords } from '../runs/records.ts';
import { NO_ID, withStandIns } from '../runs/stand-ins.ts';
import { type Clock, epochSeconds } from '../system.ts';
import { claimsOf, headerOf } from '../tokens/mint.ts';
import { LOGINS } from '../trust/generate/audience.ts';
import type { Presented } from '../trust/verdict.ts';
import { type DraftedRun, draftForRun, type RunIssuer, sessionNamesOf } from './draft-for-run.ts';
import {
  draftEnvironment,
  type EnvironmentPreview,
  type NamedRun,
  type PreviewParts,
  thinkOfRun,
} from './preview-claims.ts';
import { readRun } from './read-runs.ts';

export interface PresentTokenParts extends PreviewParts {
  readonly clock: Clock;
  readonly runs: RunRecords;
}

/** Whose token is presented: of a stored run, by its id; of one that is only thought of; of an environment's login. */
export type Bearer = { readonly run: string | NamedRun } | { readonly environment: EnvironmentPreview };

/** The relying parties that a run asks for by name. */
const targetOf = (party: string): Target | undefined => TARGETS.find((target) => target === party);
/** As long as AWS gives by itself. */
const AWS_DURATION = 3600;

export interface Thought {
  readonly presented: Presented;
  /** Stacks and environments that do not exist yet, as sentences name them: on v2 zeros stand for their ids. */
  readonly missing: ReadonlySet<string>;
}

/**
 * What a relying party would be shown: the same draft as for minting, with times and an id as a token has them.
 *
 * Nothing comes into being by it, neither a stack nor an id.
 * Who may start a run may present it, and who may see one that was started; environments are for administrators.
 */
export const presentToken = async (
  parts: PresentTokenParts,
  issuer: RunIssuer,
  principal: Principal,
  organization: Organization,
  party: string,
  asked: Bearer & { readonly audience?: string },
): Promise<Thought> => {
  const { directory, missing } = withStandIns(parts.directory);
  const key = parts.signer(issuer.name);
  if (!key) throw new Refusal('issuing_paused');
  const iat = epochSeconds(parts.clock);
  const minted = { iss: issuer.url, jti: NO_ID, iat, exp: iat + issuer.defaultLifetime };
  const header = headerOf(key);
  if ('environment' in asked) {
    const audience = asked.audience ?? audienceOfLogin(issuer, organization.name, party);
    const draft = await draftEnvironment(directory, issuer, principal, organization, asked.environment, audience);
    return { presented: { issuer: issuer.url, claims: claimsOf(draft, minted), header }, missing };
  }

  const { run, tokens } =
    typeof asked.run === 'string'
      ? await readRun(parts, principal, organization.name, asked.run)
      : { run: await thinkOfRun({ ...parts, directory }, principal, organization, asked.run), tokens: [] };
  const target = targetOf(party);
  const otherwise = issuer.name === 'v2' && !target ? audienceOnV2(party, organization.name) : undefined;
  const audience = asked.audience ?? otherwise;
  const wish = {
    ...(audience !== undefined && { audience }),
    ...(target !== undefined && { target }),
  };
  const draft = draftForRun(issuer, organization, run, wish);
  const issued = tokens.findLast(({ aud, kid }) => aud === draft.aud && kid === key.kid);
  const claims = claimsOf(draft, { ...minted, ...issued });
  return { presented: { issuer: issuer.url, claims, header, ...requestOf(party, run) }, missing };
};

/** What AWS is asked for beside the token, by the settings of the stack. */
const requestOf = (party: string, run: DraftedRun): Pick<Presented, 'request'> => {
  const aws = party === 'aws' ? run.clouds?.aws : undefined;
  if (!aws) return {};
  const { roleArn, sessionName, duration = AWS_DURATION } = aws;
  const resolved = resolveSessionName(sessionName, sessionNamesOf(run));
  return { request: { roleArn, sessionName: resolved, durationSeconds: duration } };
};

/** The audience on v2 where no settings say another one; `undefined`: there is none. */
const audienceOnV2 = (party: string, organization: string): string | undefined => {
  const target = targetOf(party);
  if (target) return audienceAt(target, {}, organization);
  return party === 'kubernetes' ? `kubernetes:${organization}` : undefined;
};

const audienceOfLogin = (issuer: RunIssuer, organization: string, party: string): string | undefined => {
  if (issuer.name === 'v2') return audienceOnV2(party, organization);
  const target = targetOf(party);
  return target && `${LOGINS[target]}:${organization}`;
};

import type { Organization } from '../access/organization.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { RunRecords } from '../runs/records.ts';
import type { IssuedToken, Run } from '../runs/run.ts';
import { equalInConstantTime, fingerprint, type Secret } from '../secret.ts';
import { type Clock, epochSeconds, type Random } from '../system.ts';
import { mint, type SigningKey } from '../tokens/mint.ts';
import { draftForRun, type RunIssuer, refuseImpossible, type TokenWish } from './draft-for-run.ts';
import { recordRefusals } from './trace.ts';

export interface IssueRunTokenParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly runs: RunRecords;
  /** The organization as its file declares it now; `undefined` when the file is gone. */
  organization(name: string): Organization | undefined;
  /** The key that signs now for this issuer; `undefined` while issuing is paused. */
  signer(issuer: RunIssuer['name']): SigningKey | undefined;
}

export interface IssueRunTokenRequest extends TokenWish {
  readonly runId: string;
  readonly requestToken: string;
  /** Seconds, as the caller wrote them; absent: the issuer's default. */
  readonly lifetime?: string;
}

/** The token, and what was written down of it. */
export interface IssuedRunToken {
  readonly jwt: Secret;
  readonly token: IssuedToken;
}

/** The shortest token that a caller may ask for, and the longest, in seconds. */
const LIFETIMES = { shortest: 60, longest: 3600 } as const;

/**
 * A run asks for an ID token.
 *
 * Every rule that decides a run's token is reached from here: who may ask (1), what the token says and how long
 * it lives (2, with draft-for-run.ts), which key signs it (3, 5), and what is written down before it leaves (4, 6).
 */
export const issueRunToken = async (
  parts: IssueRunTokenParts,
  issuer: RunIssuer,
  request: IssueRunTokenRequest,
): Promise<IssuedRunToken> => {
  // 1. The run, and its own request token. An unknown run and a wrong token look the same to the caller.
  const presented = fingerprint(request.requestToken);
  const run = await parts.runs.recall(request.runId, (known) => equalInConstantTime(known.requestTokenHash, presented));
  if (!run) throw new Refusal('invalid_request_token');
  const organization = parts.organization(run.subject.organization.name);
  const trace = {
    kind: 'token.issue' as const,
    organization: run.subject.organization.name,
    actor: `run:${run.id}`,
    detail: { issuer: issuer.name, ...(request.target && { target: request.target }) },
  };

  // 2. What the token will say, and until when; everything that can be refused is refused here.
  const iat = epochSeconds(parts.clock);
  const { draft, exp } = await recordRefusals(parts.audit, trace, () => {
    if (run.status !== 'running') throw new Refusal('run_over', { status: run.status });
    if (!organization) throw new Refusal('run_over', { status: 'its organization is gone' });
    const said = draftForRun(issuer, organization, run, request);
    const until = Math.min(iat + lifetimeOf(issuer, request.lifetime), run.deadline);
    if (request.target) refuseImpossible(request.target, run, said, parts.signer(issuer.name)?.alg);
    return { draft: said, exp: until };
  });

  // 3. The key that signs at this instant: chosen from the schedule, never a fallback.
  const key = parts.signer(issuer.name);
  if (!key) throw new Refusal('issuing_paused');

  // 4. On the run's own record, in the same step that checks that it is still open: from here on it may have this token.
  const token: IssuedToken = { jti: parts.random.uuid(), kid: key.kid, aud: draft.aud, iat, exp };
  await recordRefusals(parts.audit, trace, async () => {
    if ((await parts.runs.addToken(run, token)) === 'recorded') return;
    throw new Refusal('run_over', { status: await statusNow(parts, run) });
  });

  // 5. The token itself.
  const jwt = await mint(draft, key, { iss: issuer.url, jti: token.jti, iat, exp });

  // 6. In the audit log. No audit record, no token.
  await parts.audit.record({
    ...trace,
    outcome: 'granted',
    detail: { ...trace.detail, sub: draft.sub, aud: token.aud, kid: token.kid, jti: token.jti, exp },
  });
  return { jwt, token };
};

const lifetimeOf = (issuer: RunIssuer, asked: string | undefined): number => {
  const longest = Math.min(LIFETIMES.longest, issuer.maxLifetime);
  if (asked === undefined) return Math.min(issuer.defaultLifetime, longest);
  const lifetime = /^\d{1,5}$/.test(asked) ? Number(asked) : Number.NaN;
  if (!(lifetime >= LIFETIMES.shortest && lifetime <= longest)) {
    throw new Refusal('invalid_lifetime', { maximum: longest });
  }
  return lifetime;
};

const statusNow = async (parts: IssueRunTokenParts, run: Run): Promise<string> =>
  (await parts.runs.load(run.id))?.run.status ?? 'deleted';

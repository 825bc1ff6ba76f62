import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import { type IssuerKeys, IssuerProblem } from '../issuers/issuer-keys.ts';
import {
  findRegistrationProblems,
  REGISTRATION_LIMITS,
  type Registration,
  readThumbprint,
} from '../issuers/registration.ts';
import { ISSUER_DEFAULTS, type TrustedIssuer, type TrustedIssuers } from '../issuers/trusted-issuer.ts';
import type { SubjectTokenAlgorithm } from '../issuers/verified-token.ts';
import { type Clock, epochSeconds, type Random } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface RegisterIssuerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly issuers: TrustedIssuers;
  readonly keys: IssuerKeys;
  /** URLs of our own issuers: their keys are known here, and nothing is fetched. */
  readonly ownIssuers: readonly string[];
}

/** A registration that was just made, with what its keys can verify; absent where the keys are our own. */
export interface RegisteredIssuer {
  readonly issuer: TrustedIssuer;
  readonly algorithms?: readonly SubjectTokenAlgorithm[];
}

/**
 * An administrator registers an outside issuer.
 *
 * When this answers, its discovery document and keys (or the uploaded keys) were found sound, and it may do nothing
 * yet: its policy is empty, and an empty policy denies everything. Contract section 3.1.
 */
export const registerIssuer = async (
  parts: RegisterIssuerParts,
  principal: Principal,
  organization: Organization,
  request: Registration,
): Promise<RegisteredIssuer> => {
  const { audit, issuers, random, clock } = parts;
  const trace = {
    kind: 'trusted-issuer.create' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { name: request.name.slice(0, 100), url: request.url.slice(0, 255) },
  };

  const { made, algorithms } = await recordRefusals(audit, trace, async () => {
    // 1. Who asks, and is what they wrote sound in itself?
    administratorsOnly(principal, 'register an issuer');
    refuseProblems(findRegistrationProblems(request));

    // 2. Is there room for another one?
    if ((await issuers.list(organization.name)).length >= REGISTRATION_LIMITS.issuers) {
      const problem = `an organization has at most ${REGISTRATION_LIMITS.issuers} trusted issuers; delete one first`;
      throw new Refusal('trusted_issuer_unusable', { problem });
    }

    // 3. What it says of itself, and its keys.
    const { issuer, thumbprints, algorithms } = await examine(parts, organization.name, request);

    // 4. The registration. Of any number of the same one at once exactly one is made.
    const now = epochSeconds(clock);
    const { maxExpiration, replay, capToSubjectToken, maxTokenAge } = { ...ISSUER_DEFAULTS, ...request };
    const registered: TrustedIssuer = {
      id: random.uuid(),
      organization: organization.name,
      name: request.name,
      url: request.url,
      issuer,
      thumbprints,
      maxExpiration,
      ...(request.jwks && { jwks: { keys: request.jwks.keys } }),
      replay,
      capToSubjectToken,
      maxTokenAge,
      created: now,
      modified: now,
      declared: false,
      policy: {
        id: random.uuid(),
        version: 1,
        created: now,
        modified: now,
        document: { dialect: 'strict', mode: 'enforce', policies: [] },
      },
    };
    if ((await issuers.create(registered)) === 'exists') {
      const other = await issuers.find(organization.name, issuer);
      throw new Refusal('trusted_issuer_exists', { issuer, name: other?.name ?? '' });
    }
    return { made: registered, algorithms };
  });

  // 5. Its trace; without it the registration is taken back.
  const { id, issuer, policy } = made;
  try {
    await audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, id, issuer, policy: policy.id } });
  } catch (reason) {
    await issuers.remove(made);
    throw reason;
  }
  return { issuer: made, ...(algorithms && { algorithms }) };
};

interface Examined {
  readonly issuer: string;
  readonly thumbprints: readonly string[];
  readonly algorithms?: readonly SubjectTokenAlgorithm[];
}

/** What `iss` its tokens must have, which certificates and keys count. Refuses what cannot be fetched or is not sound. */
const examine = async (
  { keys, ownIssuers }: RegisterIssuerParts,
  organization: string,
  { url, issuer, jwks, thumbprints: written = [] }: Registration,
): Promise<Examined> => {
  const thumbprints = written.flatMap((text) => readThumbprint(text) ?? []);
  if (jwks) {
    refuseKeysOfOwn(ownIssuers, issuer ?? url);
    const checked = await unlessUnusable(keys.check(jwks));
    return { issuer: issuer ?? url, thumbprints, algorithms: [...new Set(checked.flatMap(({ algs }) => algs))] };
  }
  const own = ownIssuers.find((known) => url === known || url === `${known}/`);
  if (own !== undefined) {
    refuseOtherIssuer(issuer, own);
    return { issuer: own, thumbprints };
  }
  const discovered = await unlessUnusable(keys.discover({ organization, url, thumbprints }));
  refuseOtherIssuer(issuer, discovered.issuer);
  return {
    issuer: discovered.issuer,
    thumbprints: thumbprints.length > 0 ? thumbprints : [discovered.thumbprint],
    algorithms: discovered.algs,
  };
};

/** Nobody else says which keys our own issuers have. */
export const refuseKeysOfOwn = (ownIssuers: readonly string[], issuer: string): void => {
  if (!ownIssuers.includes(issuer)) return;
  const problem = `"${issuer}" is this installation, whose keys are known here; leave "jwks" out`;
  throw new Refusal('trusted_issuer_unusable', { problem });
};

const refuseOtherIssuer = (written: string | undefined, issuer: string): void => {
  if (written === undefined || written === issuer) return;
  const problem = `its tokens have the "iss" "${issuer}", not "${written}"; leave "issuer" out`;
  throw new Refusal('trusted_issuer_unusable', { problem });
};

/** What an issuer did wrong is an answer to the administrator who named it. */
export const unlessUnusable = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof IssuerProblem)) throw cause;
    throw new Refusal('trusted_issuer_unusable', { problem: cause.message }, { cause });
  }
};

type Found = ReturnType<typeof findRegistrationProblems>[number];

/** Tells the first of the problems, with its field; the others come up when it is mended. */
export const refuseProblems = ([first]: readonly Found[]): void => {
  if (!first) return;
  const field = first.at.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${part}`));
  const { problem, suggestion } = first;
  throw new Refusal('invalid_request', {
    problem: `${field.join('')}: ${problem}${suggestion === undefined ? '' : `; ${suggestion}`}.`,
  });
};

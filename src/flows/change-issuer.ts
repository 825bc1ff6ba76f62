import type { Principal } from '../access/principal.ts';
import type { AuditDetail, AuditKind, AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Pins } from '../exchange/pins.ts';
import {
  findNameProblems,
  findThumbprintProblems,
  type Registration,
  readThumbprint,
} from '../issuers/registration.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { epochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { issuerOf } from './read-trust.ts';
import { type RegisterIssuerParts, refuseKeysOfOwn, refuseProblems, unlessUnusable } from './register-issuer.ts';
import { actorOf, recordRefusals, refuseAndRecord, type Trace } from './trace.ts';

export type ChangeIssuerParts = Omit<RegisterIssuerParts, 'random'>;

/** What may change; what is absent stays. The name must be there; `url` and `issuer` are fixed: they may only be repeated. */
export type IssuerChange = Partial<Registration>;

/** An administrator changes a registration. Uploaded keys are checked first; fetched ones are fetched anew. */
export const updateIssuer = async (
  parts: ChangeIssuerParts,
  principal: Principal,
  id: string,
  change: IssuerChange,
): Promise<TrustedIssuer> => {
  const trace = traceOf('trusted-issuer.update', principal, { id: id.slice(0, 36) });
  const [before, next] = await recordRefusals(parts.audit, trace, async () => {
    // 1. Who asks, for which one, and is what they wrote sound in itself?
    administratorsOnly(principal, 'change a trusted issuer');
    const issuer = await changeable(parts, principal, id);
    if (!change.name) throw new Refusal('invalid_request', { problem: 'the issuer name is required' });
    refuseFixed(issuer, change);
    refuseProblems([...findNameProblems(change.name), ...findThumbprintProblems(change.thumbprints ?? [])]);

    // 2. Keys that nobody fetches are checked now.
    const { jwks, thumbprints } = change;
    if (jwks) {
      refuseKeysOfOwn(parts.ownIssuers, issuer.issuer);
      await unlessUnusable(parts.keys.check(jwks));
    }
    const { name, maxExpiration, replay, capToSubjectToken, maxTokenAge } = { ...issuer, ...change };
    const changed: TrustedIssuer = {
      ...issuer,
      name,
      thumbprints: thumbprints?.flatMap((text) => readThumbprint(text) ?? []) ?? issuer.thumbprints,
      maxExpiration,
      ...(jwks && { jwks: { keys: jwks.keys } }),
      replay,
      capToSubjectToken,
      maxTokenAge,
      modified: epochSeconds(parts.clock),
    };
    return [issuer, changed];
  });
  return write(parts, trace, before, next);
};

/** An administrator takes over the certificate that the issuer presents now, whoever vouches for it. */
export const regenerateThumbprints = async (
  parts: ChangeIssuerParts,
  principal: Principal,
  id: string,
): Promise<TrustedIssuer> => {
  const trace = traceOf('trusted-issuer.update', principal, { id: id.slice(0, 36) });
  const [before, next] = await recordRefusals(parts.audit, trace, async () => {
    // 1. Who asks, for which one, and does it present a certificate to us at all?
    administratorsOnly(principal, 'change a trusted issuer');
    const issuer = await changeable(parts, principal, id);
    if (issuer.jwks) {
      const problem = "issuer jwks are statically configured, can't regenerate thumbprints";
      throw new Refusal('invalid_request', { problem });
    }
    if (parts.ownIssuers.includes(issuer.issuer)) {
      throw new Refusal('invalid_request', { problem: 'this installation is the issuer; nothing is fetched from it' });
    }

    // 2. The certificate, over which the same issuer must answer.
    const discovered = await unlessUnusable(parts.keys.discover(issuer, { trustNow: true }));
    if (discovered.issuer !== issuer.issuer) {
      const problem = `it says by now that it is "${discovered.issuer}"`;
      throw new Refusal('trusted_issuer_unusable', { problem });
    }
    const modified = epochSeconds(parts.clock);
    return [issuer, { ...issuer, thumbprints: [discovered.thumbprint], modified }];
  });
  return write(parts, trace, before, next);
};

/** An administrator ends the trust: from here on every access token that came from this issuer is worth nothing. */
export const deleteIssuer = async (
  parts: ChangeIssuerParts & { readonly pins: Pins },
  principal: Principal,
  id: string,
): Promise<void> => {
  const trace = traceOf('trusted-issuer.delete', principal, { id: id.slice(0, 36) });

  // 1. Who asks, and for which one?
  const issuer = await recordRefusals(parts.audit, trace, () => {
    administratorsOnly(principal, 'delete a trusted issuer');
    return changeable(parts, principal, id);
  });

  // 2. The trace, then the end of it.
  const { name, issuer: iss, organization, policy } = issuer;
  await parts.audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, name, issuer: iss } });
  const removed = await parts.issuers.remove(issuer);
  parts.keys.forget(issuer.id);
  if (!removed) throw new Refusal('trusted_issuer_not_found');

  // 3. Its pins, which mean nothing without their policy: what cannot be cleared away does no harm.
  await forgetPins(parts.pins, organization, policy.id).catch(() => undefined);
};

const PINS_AT_ONCE = 100;

const forgetPins = async (pins: Pins, organization: string, policyId: string): Promise<void> => {
  for (;;) {
    const { pins: found } = await pins.list(organization, policyId, 0, PINS_AT_ONCE);
    if (found.length === 0) return;
    await Promise.all(found.map(({ id }) => pins.remove(organization, policyId, id)));
  }
};

const traceOf = <K extends AuditKind>(kind: K, principal: Principal, detail: AuditDetail): Trace & { kind: K } => ({
  kind,
  organization: principal.organization,
  actor: actorOf(principal),
  detail,
});

/** The trusted issuer with this id, unless a file has the last word on it. */
const changeable = async (
  { issuers }: Pick<ChangeIssuerParts, 'issuers'>,
  { organization }: Principal,
  id: string,
): Promise<TrustedIssuer> => {
  const issuer = await issuerOf(issuers, organization, id);
  refuseDeclared(issuer);
  return issuer;
};

export const refuseDeclared = ({ declared, name, organization }: TrustedIssuer): void => {
  if (declared) throw new Refusal('declared_in_file', { name, organization });
};

/** Another place, or another `iss`, is another issuer. */
const refuseFixed = (issuer: TrustedIssuer, change: IssuerChange): void => {
  for (const field of ['url', 'issuer'] as const) {
    const written = change[field];
    if (written === undefined || written === issuer[field]) continue;
    throw new Refusal('invalid_request', {
      problem: `${field}: is fixed; register another issuer, and delete this one`,
    });
  }
};

/** The trace, then the change, where nobody else was faster; then nothing old is held of its keys. */
const write = async (
  { audit, issuers, keys }: { audit: AuditLog } & Pick<ChangeIssuerParts, 'issuers' | 'keys'>,
  trace: Trace,
  before: TrustedIssuer,
  next: TrustedIssuer,
): Promise<TrustedIssuer> => {
  const changed = (
    ['name', 'thumbprints', 'maxExpiration', 'jwks', 'replay', 'capToSubjectToken', 'maxTokenAge'] as const
  )
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(next[field]))
    .join(' ');
  const detail = { ...trace.detail, name: next.name, issuer: next.issuer, changed };
  await audit.record({ ...trace, outcome: 'granted', detail });
  if ((await issuers.replace(before, next)) === 'conflict') {
    throw await refuseAndRecord(audit, trace, new Refusal('conflict'));
  }
  keys.forget(next.id);
  return next;
};

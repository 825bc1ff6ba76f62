import { hash } from 'node:crypto';
import type { DeclaredIssuer, TrustedIssuer } from './trusted-issuer.ts';

/**
 * A trusted issuer as a file declares it, in the form in which all of them are used.
 *
 * Its ids come from what it is, so that every replica, at every start, knows it by the same ones. Its policy has no
 * history here: the file's own history is somewhere else.
 */
export const asTrustedIssuer = (organization: string, declared: DeclaredIssuer): TrustedIssuer => {
  const { id: written, policy, ...issuer } = declared;
  const id = written ?? idFrom('trusted-issuer', organization, issuer.issuer);
  return Object.freeze({
    ...issuer,
    id,
    organization,
    created: 0,
    modified: 0,
    declared: true,
    policy: Object.freeze({ id: idFrom('policy', id), version: 1, created: 0, modified: 0, document: policy }),
  });
};

/** A UUID from SHA-256 of its parts. RFC 9562, section 5.8 (version 8) and appendix B.2. */
const idFrom = (...parts: readonly string[]): string => {
  const bytes = hash('sha256', JSON.stringify(parts), 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

import { completeDefinitions } from '../policy/file.ts';
import type { TrustedIssuerInFile } from './file.ts';
import { readThumbprint } from './registration.ts';
import { type DeclaredIssuer, ISSUER_DEFAULTS } from './trusted-issuer.ts';

/** Fills in everything that a file may leave out; what it says was found right before. */
export const completeDeclaredIssuer = ({
  thumbprints = [],
  issuer,
  jwks,
  policy,
  ...written
}: TrustedIssuerInFile): DeclaredIssuer => ({
  ...ISSUER_DEFAULTS,
  ...written,
  issuer: issuer ?? written.url,
  thumbprints: thumbprints.flatMap((text) => readThumbprint(text) ?? []),
  ...(jwks && { jwks: { keys: jwks.keys } }),
  policy: {
    dialect: policy?.dialect ?? 'strict',
    mode: policy?.mode ?? 'enforce',
    policies: completeDefinitions(policy?.policies ?? []),
  },
});

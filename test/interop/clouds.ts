import { createPublicKey, verify } from 'node:crypto';
import { type Json, readToken, repeatedMembers } from './profile.ts';

/** Models of three clouds, each as strict as anybody has seen it be. `undefined`: the token is taken. */
export type CloudVerdict = string | undefined;

export interface Presented {
  readonly jwt: string;
  readonly keys: readonly Json[];
  /** Seconds. */
  readonly now: number;
}

const NAMES: Readonly<Record<string, string>> = { RS256: 'RSA', ES256: 'EC' };

const isSignedBy = (jwt: string, jwk: Json): boolean => {
  const [header, claims, signature = ''] = jwt.split('.');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  return verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
};

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

/** AssumeRoleWithWebIdentity, by the observed rules: integers, azp, key_ops, lengths, five minutes of slack. */
export const awsVerdict = ({ jwt, keys, now }: Presented, clientIds: readonly string[]): CloudVerdict => {
  if (jwt.length < 4 || jwt.length > 20_000) return 'ValidationError: token length';
  const { header, claims, texts } = readToken(jwt);
  if (texts.flatMap(repeatedMembers).length > 0) return 'a member stands twice';
  if (keys.length > 100) return 'too many keys';
  const jwk =
    keys.find(({ kid }) => kid !== undefined && kid === header.kid) ??
    (keys.length === 1 && !header.kid ? keys[0] : undefined);
  if (!jwk) return "Couldn't retrieve verification key";
  if ('key_ops' in jwk || jwk.use === 'enc' || 'x5c' in jwk) return 'IDPRejectedClaim: unusable key';
  if (NAMES[String(header.alg)] !== jwk.kty) return 'IDPRejectedClaim: algorithm';
  for (const name of ['iss', 'sub', 'aud', 'iat', 'exp'])
    if (!(name in claims)) return `Missing a required claim: ${name}`;
  for (const name of ['iat', 'exp', 'nbf'])
    if (name in claims && !isInteger(claims[name])) return `${name} is no integer`;
  const { aud, azp, exp, iat, nbf, sub, iss } = claims;
  if (Array.isArray(aud) && aud.length > 1 && azp === undefined) return 'azp is needed';
  const audience = azp ?? (Array.isArray(aud) ? aud[0] : aud);
  if (typeof audience !== 'string' || audience.length > 255 || !clientIds.includes(audience))
    return 'Incorrect token audience';
  if (typeof sub !== 'string') return 'InternalFailure';
  if (typeof iss !== 'string' || iss.length > 255 || iss.endsWith('/')) return 'No OpenIDConnect provider found';
  if (Number(exp) + 300 <= now) return 'ExpiredTokenException';
  if (Number(iat) - 300 > now || Number(nbf ?? 0) - 300 > now) return 'the token lies in the future';
  return isSignedBy(jwt, jwk) ? undefined : 'IDPRejectedClaim: signature';
};

export interface EntraCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** A federated identity credential: exact texts, RS256, the kid among the first hundred keys. */
export const entraVerdict = ({ jwt, keys, now }: Presented, credential: EntraCredential): CloudVerdict => {
  const { header, claims } = readToken(jwt);
  if (Object.values(credential).some((text) => text.length > 600)) return 'the credential is too long';
  if (header.alg !== 'RS256') return 'AADSTS5000223: algorithm';
  const jwk = keys.slice(0, 100).find(({ kid, use }) => kid === header.kid && (use ?? 'sig') === 'sig');
  if (!jwk) return `AADSTS7000272: ${Buffer.from(String(header.kid), 'base64url').toString('hex')}`;
  if (claims.iss !== credential.issuer) return 'AADSTS700211: issuer';
  if (claims.aud !== credential.audience) return 'AADSTS700212: audience';
  if (claims.sub !== credential.subject) {
    const isCase = String(claims.sub).toLowerCase() === credential.subject.toLowerCase();
    return isCase ? 'AADSTS7002138: case' : 'AADSTS700213: subject';
  }
  if (!isInteger(claims.exp) || !isInteger(claims.nbf) || claims.exp <= now || claims.nbf > now)
    return 'AADSTS700024: validity';
  return isSignedBy(jwt, jwk) ? undefined : 'AADSTS700027: signature';
};

export interface GoogleProvider {
  readonly issuer: string;
  readonly allowedAudiences: readonly string[];
}

/** Workload identity federation with an uploaded key set, which takes fewer members than a fetched one. */
export const googleVerdict = ({ jwt, keys, now }: Presented, provider: GoogleProvider): CloudVerdict => {
  const uploaded = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'];
  if (keys.some((jwk) => Object.keys(jwk).some((name) => !uploaded.includes(name)))) return 'jwksJson: unknown member';
  const { header, claims } = readToken(jwt);
  if (header.alg !== 'RS256' && header.alg !== 'ES256') return 'invalid_grant: algorithm';
  const jwk = keys.find(({ kid, alg }) => kid === header.kid && alg === header.alg);
  if (!jwk) return 'invalid_grant: kid';
  const { iss, iat, exp, sub, aud } = claims;
  if (iss !== provider.issuer) return 'invalid_grant: issuer';
  if (!isInteger(iat) || !isInteger(exp) || iat > now || exp <= now || exp - iat > 86_400)
    return 'invalid_grant: validity';
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.some((one) => provider.allowedAudiences.includes(String(one)))) return 'invalid_grant: audience';
  if (provider.allowedAudiences.some((one) => one.length > 256)) return 'invalid provider';
  if (typeof sub !== 'string' || Buffer.byteLength(sub) > 127) return 'google.subject exceeds the 127 bytes limit';
  return isSignedBy(jwt, jwk) ? undefined : 'invalid_grant: signature';
};

import { randomBytes } from 'node:crypto';
import { type CloudHost, type CloudReply, keysOfIssuer, startCloudHost } from './cloud-host.ts';
import { awsVerdict } from './clouds.ts';
import { readToken } from './profile.ts';

/** A JWT auth method with one role, as an administrator set them up. */
export interface VaultMethod {
  issuer: string;
  readonly role: string;
  boundAudiences: readonly string[];
  boundSubject: string;
  readonly lease: number;
}

export interface StrictVault extends CloudHost {
  readonly method: VaultMethod;
}

const refusal = (status: number, ...errors: readonly string[]): CloudReply => ({ status, body: { errors } });

/** Vault's JWT auth method, with discovery. */
export const startStrictVault = async (method: VaultMethod): Promise<StrictVault> => {
  const tokens = new Set<string>();
  const host = await startCloudHost(async ({ path, headers, body }) => {
    if (path === '/v1/auth/token/renew-self') {
      const token = String(headers['x-vault-token']);
      return tokens.has(token) ? granted(token, method.lease) : refusal(403, 'permission denied');
    }
    if (path !== '/v1/auth/jwt/login') return refusal(404, `no handler for route "${path.slice('/v1/'.length)}".`);
    const { role, jwt } = JSON.parse(body) as Readonly<Record<string, string>>;
    const problem = await problemOf(method, String(role), String(jwt));
    if (problem !== undefined) return refusal(400, problem);
    const token = `hvs.${randomBytes(24).toString('base64url')}`;
    tokens.add(token);
    return granted(token, method.lease);
  });
  return { ...host, method };
};

const granted = (client_token: string, lease_duration: number): CloudReply => ({
  status: 200,
  body: { auth: { client_token, lease_duration, renewable: true, policies: ['default'] } },
});

const problemOf = async (method: VaultMethod, role: string, jwt: string): Promise<string | undefined> => {
  if (role !== method.role) return `role "${role}" could not be found`;
  const { claims } = readToken(jwt);
  const keys = await keysOfIssuer(method.issuer);
  if (!keys) return 'error checking oidc discovery URL: fetching keys';
  if (claims['iss'] !== method.issuer) return 'error validating token: invalid issuer (iss) claim';
  if (!method.boundAudiences.includes(String(claims['aud']))) {
    return 'error validating token: invalid audience (aud) claim: audience claim does not match any bound audience';
  }
  if (claims['sub'] !== method.boundSubject)
    return 'error validating claims: claim "sub" does not match associated bound claim';
  const verdict = awsVerdict({ jwt, keys, now: Math.floor(Date.now() / 1000) }, method.boundAudiences);
  return verdict === undefined ? undefined : `error validating token: error verifying token signature: ${verdict}`;
};

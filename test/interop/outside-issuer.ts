import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** What CI platforms publish, and what their jobs get: an issuer that organizations trust, with its private key at hand. */
export interface OutsideIssuer {
  /** Its `iss`. */
  readonly issuer: string;
  /** To be uploaded: then nobody has to reach it. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** A job's token; `changes` replaces claims, and takes those away that it sets to undefined. */
  token(changes?: JWTPayload): Promise<string>;
}

const GITHUB = 'https://token.actions.githubusercontent.com';
const LIFETIME = 300;

/** An issuer like GitHub Actions: RS256 by a key of 2048 bits, and every claim that its jobs carry. */
export const openOutsideIssuer = async (issuer: string = GITHUB): Promise<OutsideIssuer> => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const kid = 'cc413527-173f-5a05-976e-9c52b1d7b431';
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' };
  return {
    issuer,
    jwks: { keys: [jwk] },
    token: (changes = {}) => sign(privateKey, kid, { ...githubClaims(issuer), ...changes }),
  };
};

const sign = (key: CryptoKey, kid: string, claims: JWTPayload): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(key);

/** The claims of a job on a push to the main branch of acme/core. */
const githubClaims = (issuer: string): JWTPayload => {
  const now = Math.floor(Date.now() / 1000);
  const sha = '6f5902ac237024bdd0c176cb93063dc4b4f5d6a1';
  const workflow = 'acme/core/.github/workflows/deploy.yml@refs/heads/main';
  return {
    jti: crypto.randomUUID(),
    sub: 'repo:acme/core:ref:refs/heads/main',
    aud: 'urn:pulumi:org:acme',
    ref: 'refs/heads/main',
    sha,
    repository: 'acme/core',
    repository_owner: 'acme',
    repository_owner_id: '1342004',
    run_id: '9876543210',
    run_number: '42',
    run_attempt: '1',
    repository_visibility: 'private',
    repository_id: '123456789',
    actor_id: '583231',
    actor: 'octocat',
    workflow: 'deploy',
    head_ref: '',
    base_ref: '',
    event_name: 'push',
    ref_protected: 'true',
    ref_type: 'branch',
    workflow_ref: workflow,
    workflow_sha: sha,
    job_workflow_ref: workflow,
    job_workflow_sha: sha,
    runner_environment: 'github-hosted',
    check_run_id: '31415926535',
    iss: issuer,
    nbf: now - 5,
    iat: now,
    exp: now + LIFETIME,
  };
};

import { AWS_CLAIMS } from './aws-claims.ts';

/** Custom claims of v1 tokens for runs. Contract section 1.2. */
export const RUN_CLAIMS = ['stackId', 'operation', 'org', 'project', 'stack', 'deployment', 'scope'] as const;

/** Custom claims of v1 tokens for environments. Contract section 2.1. */
export const ENVIRONMENT_CLAIMS = [
  'org',
  'current_env',
  'root_env',
  'trigger_user',
  'current_env_revision',
  'root_env_revision',
] as const;

/**
 * Claims that a Snowflake account reads besides: which of its users the bearer is, and in which role. The only claims
 * whose values an author writes; they stand in tokens of `snowflake-login` alone. Contract section 2.5.
 */
export const SNOWFLAKE_CLAIMS = ['snowflake_user', 'scp'] as const;

/** Custom claims of v2 tokens, before the namespace is put in front. */
export const NAMESPACED_CLAIMS = [
  'org',
  'org_id',
  'project',
  'project_id',
  'stack',
  'stack_id',
  'operation',
  'deployment',
  'actor',
  'current_env',
  'current_env_id',
  'root_env',
  'root_env_id',
] as const;

const REGISTERED = ['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub'] as const;

/** Everything that a token of this issuer may carry, for `claims_supported`. OpenID Connect Discovery 1.0, section 3. */
export const claimsSupported = (issuer: 'v1' | 'v2', namespace: string): readonly string[] =>
  issuer === 'v1'
    ? [...REGISTERED, ...new Set([...RUN_CLAIMS, ...ENVIRONMENT_CLAIMS, ...SNOWFLAKE_CLAIMS]), ...AWS_CLAIMS]
    : [...REGISTERED, ...NAMESPACED_CLAIMS.map((name) => namespace + name), ...AWS_CLAIMS];

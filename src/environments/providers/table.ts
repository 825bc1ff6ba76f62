import { AWS_LOGIN } from './aws-login.ts';
import { AZURE_LOGIN } from './azure-login.ts';
import { DOPPLER_LOGIN } from './doppler-login.ts';
import { GCP_LOGIN } from './gcp-login.ts';
import { INFISICAL_LOGIN } from './infisical-login.ts';
import { DEBUG_OIDC_CLAIMS, OIDC } from './oidc.ts';
import type { LoginProvider } from './provider.ts';
import { SNOWFLAKE_LOGIN } from './snowflake-login.ts';
import { VAULT_LOGIN } from './vault-login.ts';

/** Everything that `fn::open` can open, by name. All of them are logins: their outputs merge as scalars. */
export const LOGIN_PROVIDERS_BY_NAME: ReadonlyMap<string, LoginProvider> = new Map(
  [
    AWS_LOGIN,
    AZURE_LOGIN,
    GCP_LOGIN,
    VAULT_LOGIN,
    OIDC,
    DEBUG_OIDC_CLAIMS,
    DOPPLER_LOGIN,
    INFISICAL_LOGIN,
    SNOWFLAKE_LOGIN,
  ].map((provider) => [provider.name, provider]),
);

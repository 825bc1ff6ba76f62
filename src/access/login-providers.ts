/** Logins of environments that ask v1 for a token: its audience is `<provider>:<organization>`. Contract section 2.2. */
export const LOGIN_PROVIDERS = ['aws', 'azure', 'gcp', 'vault', 'doppler', 'infisical', 'snowflake'] as const;

const DAY = 86_400;

/** What holds where the settings file says nothing: every default of the installation, in one place. Seconds. */
export const DEFAULTS = {
  url: 'http://localhost:8080',
  folders: { keys: 'keys', data: 'data', organizations: 'config/organizations' },
  http: {
    /** Behind a TLS proxy; with an `http:` URL the address and port of that URL count. */
    host: '0.0.0.0',
    port: 8080,
    trustedProxies: [],
    refusalsPerMinute: 1200,
    drainSeconds: 25,
  },
  log: { level: 'info' },
  store: {
    /** In the data folder; its URL is made when that folder is known. */
    file: 'runpass.db',
    keyPrefix: 'runpass:',
    timeoutMs: 250,
    acceptVolatile: false,
    replicas: 0,
  },
  issuers: {
    // v1 as the contract; v2 because Google's library renews five minutes before expiry.
    v1: { alg: 'RS256', defaultLifetime: 3600 },
    v2: { alg: 'RS256', defaultLifetime: 900 },
  },
  keys: {
    cacheMaxAge: 300,
    staleness: 30,
    clockError: 5,
    leeway: 300,
    maxLifetime: 3600,
    rotationPeriod: 7 * DAY,
    publishAhead: DAY,
    rollbackHold: 3600,
    maxKeys: 8,
  },
  subjectPrefix: 'pulumi',
  claimNamespace: 'https://pulumi.com/',
  exchange: {
    refusalsPerMinute: 600,
    recordedRefusalsPerMinute: 120,
    // OpenID Connect Core, section 5.1; then what GitHub, GitLab and Microsoft Entra say of the person behind a job.
    personalClaims: [
      'name',
      'given_name',
      'family_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'email',
      'email_verified',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'phone_number',
      'phone_number_verified',
      'address',
      'actor',
      'actor_id',
      'user_id',
      'user_login',
      'user_email',
      'user_identities',
      'upn',
      'unique_name',
      'ipaddr',
    ],
  },
  runs: { defaultDeadline: DAY, maxDuration: 7 * DAY },
  accessTokens: { defaultLifetime: 7200, maxLifetime: 90 * DAY },
  retention: { finishedRuns: 90 * DAY, decisions: 30 * DAY, audit: 400 * DAY },
} as const;

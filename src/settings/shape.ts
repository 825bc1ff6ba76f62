import { choice, flag, type JsonSchema, list, mapping, text, whole } from '../json-schema.ts';
import type { SigningAlgorithm } from '../keys/ring.ts';
import type { Timing } from '../keys/timing.ts';
import { DEFAULTS } from './defaults.ts';
import { LOG_LEVELS, type LogLevel, type OrganizationSettings, type Settings } from './settings.ts';

/** The settings file as it is written: everything may be absent, nothing is checked beyond `SETTINGS_SCHEMA`. */
export interface SettingsFile {
  readonly url?: string;
  readonly folders?: {
    readonly keys?: string;
    readonly data?: string;
    readonly organizations?: string;
    readonly environments?: string;
  };
  readonly http?: {
    readonly host?: string;
    readonly port?: number;
    readonly trustedProxies?: readonly string[];
    readonly refusalsPerMinute?: number;
    readonly drainSeconds?: number;
  };
  readonly log?: { readonly level?: LogLevel };
  readonly store?: {
    readonly url?: string;
    readonly passwordFile?: string;
    readonly caFile?: string;
    readonly keyPrefix?: string;
    readonly timeoutMs?: number;
    readonly acceptVolatile?: boolean;
    readonly replicas?: number;
  };
  readonly issuers?: { readonly v1?: IssuerInFile; readonly v2?: IssuerInFile };
  readonly keys?: Partial<Timing>;
  readonly subjectPrefix?: string;
  readonly claimNamespace?: string;
  readonly organizations?: Readonly<Record<string, Partial<OrganizationSettings>>>;
  readonly exchange?: Partial<Settings['exchange']>;
  readonly environments?: Partial<Settings['environments']>;
  readonly clouds?: { readonly endpoints?: Settings['clouds']['endpoints'] };
  readonly trust?: { readonly quarantine?: number };
  readonly runs?: { readonly defaultDeadline?: number; readonly maxDuration?: number };
  readonly accessTokens?: { readonly defaultLifetime?: number; readonly maxLifetime?: number };
  readonly retention?: { readonly finishedRuns?: number; readonly decisions?: number; readonly audit?: number };
}

interface IssuerInFile {
  readonly alg?: SigningAlgorithm;
  readonly defaultLifetime?: number;
  readonly keys?: Partial<Timing>;
}

const DAY = 86_400;
const YEAR = 365 * DAY;

const endpoint = (cloud: string): JsonSchema =>
  text(`Base URL of ${cloud}.`, {
    title: 'an https URL without a slash at its end, or http: on this machine',
    maxLength: 255,
    pattern: '^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\\.0\\.0\\.1)(:[0-9]{1,5})?)$',
  });

// Ranges of the single times; which combinations are sound, `checkTiming` says.
const timings = (defaults: Timing | undefined): Readonly<Record<keyof Timing, JsonSchema>> => {
  const time = (field: keyof Timing, minimum: number, maximum: number, description: string): JsonSchema =>
    whole(minimum, maximum, description, defaults && { default: defaults[field] });
  return {
    cacheMaxAge: time('cacheMaxAge', 60, 3600, 'C: seconds that verifiers may cache the keys and discovery documents.'),
    staleness: time('staleness', 5, 120, 'S: most seconds that a replica may act on an old view of its key ring.'),
    clockError: time('clockError', 1, 30, 'σ: clock error, in seconds, tolerated against store time.'),
    leeway: time('leeway', 0, 600, 'λ: seconds by which verifiers may accept a token too late.'),
    maxLifetime: time('maxLifetime', 60, DAY, 'L: seconds that the longest-lived ID token may live.'),
    rotationPeriod: time(
      'rotationPeriod',
      3600,
      90 * DAY,
      'T: seconds that a key signs before the next one takes over.',
    ),
    publishAhead: time('publishAhead', 72, 90 * DAY, 'P: seconds that a key is published before it may sign.'),
    rollbackHold: time('rollbackHold', 0, DAY, 'H: seconds that a retired private key is kept for a rollback.'),
    maxKeys: time('maxKeys', 4, 32, 'N: most keys in the published key set.'),
  };
};

const issuer = (name: 'v1' | 'v2', path: string): JsonSchema =>
  mapping(`The issuer at \`<url>${path}\`.`, {
    alg: choice(['RS256', 'ES256'], 'Algorithm of its keys. A change is a rotation.', {
      default: DEFAULTS.issuers[name].alg,
    }),
    defaultLifetime: whole(60, 3600, 'Seconds that an ID token lives when the caller names no lifetime.', {
      default: DEFAULTS.issuers[name].defaultLifetime,
    }),
    keys: mapping('Times of this issuer alone; what is absent is as in `keys`.', timings(undefined)),
  });

const folder = (path: string, description: string): JsonSchema => text(description, { default: path, title: 'a path' });

/** The settings file in JSON Schema: written to `config/schema/` for editors, and what `loadSettings` checks. */
export const SETTINGS_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Runpass settings',
  ...mapping('Settings of one Runpass installation. Times are whole seconds; unknown keys are refused.', {
    url: text(
      'Public base URL: `https:`, a host name, perhaps a port, nothing else. `http:` only on this machine. The issuers are `<url>/oidc` and `<url>/oidc/v2`; trust policies stand on them, so it is fixed for good.',
      { default: DEFAULTS.url, title: 'a URL such as https://runpass.example.com' },
    ),
    folders: mapping('Folders, relative to the project.', {
      keys: folder(DEFAULTS.folders.keys, 'Where the sealing keys lie.'),
      data: folder(DEFAULTS.folders.data, 'Where the embedded store and the first access token lie.'),
      organizations: folder(DEFAULTS.folders.organizations, 'Where each organization has its file.'),
      environments: folder(
        DEFAULTS.folders.environments,
        'Where environments may have files: `<organization>/<project>/<environment>.yaml`.',
      ),
    }),
    http: mapping('The door.', {
      host: text('Address to listen on. With an `http:` URL the default is the loopback address of that URL.', {
        default: DEFAULTS.http.host,
        title: 'an address such as 127.0.0.1',
        pattern: '^[A-Za-z0-9.:_-]+$',
        maxLength: 253,
      }),
      port: whole(0, 65_535, 'Port to listen on; 0 takes a free one. With an `http:` URL the default is its port.', {
        default: DEFAULTS.http.port,
      }),
      trustedProxies: list(
        text('An address range.', { title: 'an address or range such as 10.0.0.0/8' }),
        100,
        'Addresses or CIDR ranges of proxies whose `X-Forwarded-For` counts.',
        { default: DEFAULTS.http.trustedProxies },
      ),
      refusalsPerMinute: whole(1, 100_000, 'Most refused requests of one address in a minute.', {
        default: DEFAULTS.http.refusalsPerMinute,
      }),
      drainSeconds: whole(0, 600, 'Seconds that a stopping server waits for the requests in flight.', {
        default: DEFAULTS.http.drainSeconds,
      }),
    }),
    log: mapping('Log lines, JSON on standard output.', {
      level: choice(LOG_LEVELS, 'Least important level that is written.', { default: DEFAULTS.log.level }),
    }),
    store: mapping('Where everything is kept.', {
      url: text(
        '`sqlite:PATH`, `memory:`, `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`. Without it: `sqlite:` and `runpass.db` in the data folder.',
        {
          title: 'a store URL such as sqlite:data/runpass.db or redis://localhost:6379',
          maxLength: 4096,
          writeOnly: true,
        },
      ),
      passwordFile: text('File that holds the password of Redis, instead of the URL.', { title: 'a path' }),
      caFile: text("PEM file with the authority of Redis's certificate. Without it: the system's authorities.", {
        title: 'a path',
      }),
      keyPrefix: text('Begins every key in Redis, so that installations can share one.', {
        default: DEFAULTS.store.keyPrefix,
        title: 'up to 40 characters of A-Z, a-z, 0-9, ".", "_", "-" and ":"',
        pattern: '^[A-Za-z0-9._:-]{1,40}$',
      }),
      timeoutMs: whole(20, 10_000, 'Milliseconds that a call to the store may take.', {
        default: DEFAULTS.store.timeoutMs,
      }),
      acceptVolatile: flag('Start also on a Redis that evicts or does not persist. It loses keys: for trials only.', {
        default: DEFAULTS.store.acceptVolatile,
      }),
      replicas: whole(0, 10, 'Redis replicas that must acknowledge a write (`WAIT`).', {
        default: DEFAULTS.store.replicas,
      }),
    }),
    issuers: mapping('The two issuers.', { v1: issuer('v1', '/oidc'), v2: issuer('v2', '/oidc/v2') }),
    keys: mapping("Times that rule a key's life, for both issuers.", timings(DEFAULTS.keys)),
    subjectPrefix: text('First part of every `sub`; fixed for the life of an issuer.', {
      default: DEFAULTS.subjectPrefix,
      title: 'up to 32 characters of a-z, 0-9 and "-", starting with a letter',
      pattern: '^[a-z][a-z0-9-]{0,31}$',
    }),
    claimNamespace: text("Namespace of v2's own claims; fixed for the life of an issuer.", {
      default: DEFAULTS.claimNamespace,
      title: 'an https URL that ends with "/", such as https://pulumi.com/',
      maxLength: 128,
      pattern: '^https://[a-z0-9.-]+/([A-Za-z0-9._-]+/)*$',
    }),
    organizations: {
      type: 'object',
      description: 'What the operator grants to single organizations, by name.',
      maxProperties: 1000,
      propertyNames: {
        title: 'the name of an organization: 3 to 40 characters of a-z, 0-9, "_" and "-"',
        pattern: '^[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]$',
      },
      additionalProperties: mapping('One organization.', {
        audiences: {
          ...list(text('An audience.', { maxLength: 512 }), 100, 'Audiences that its callers may choose on v1.', {
            default: [],
          }),
          uniqueItems: true,
        },
        issuerHosts: {
          ...list(
            text('A host.', {
              title:
                'a host in lower case, perhaps with a port, such as kubernetes.default.svc or gitlab.internal:8443',
              maxLength: 260,
              pattern: '^([a-z0-9_-]+(\\.[a-z0-9_-]+)*|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$',
            }),
            100,
            'Hosts of its trusted issuers that may have addresses inside the network, and with a port another than 443.',
            { default: [] },
          ),
          uniqueItems: true,
        },
      }),
    },
    exchange: mapping('Exchanges of outside tokens.', {
      refusalsPerMinute: whole(
        1,
        100_000,
        'Most refused exchanges of one organization and issuer in a minute; further refusals are answered with 429.',
        { default: DEFAULTS.exchange.refusalsPerMinute },
      ),
      recordedRefusalsPerMinute: whole(
        1,
        10_000,
        'Most refusals of one trusted issuer in a minute that are recorded as decisions; the others are counted.',
        { default: DEFAULTS.exchange.recordedRefusalsPerMinute },
      ),
      personalClaims: {
        ...list(
          text('A claim.', { maxLength: 255 }),
          200,
          'Top-level claims of outside tokens that no decision keeps, because they tell of a person. Policies weigh them all the same.',
          { default: DEFAULTS.exchange.personalClaims },
        ),
        uniqueItems: true,
      },
    }),
    environments: mapping('Environments.', {
      vaultAudience: choice(
        ['prefixed', 'bare'],
        'Audience of the tokens of `vault-login`: `vault:<organization>`, or the bare organization, as older roles have it.',
        { default: DEFAULTS.environments.vaultAudience },
      ),
    }),
    clouds: mapping('The clouds that environments log in to.', {
      endpoints: mapping('Base URLs in place of the published ones, for private endpoints and for tests.', {
        awsSts: endpoint('AWS STS'),
        googleSts: endpoint("Google's token service"),
        googleIamCredentials: endpoint('Google IAM credentials'),
        doppler: endpoint('Doppler'),
        infisical: endpoint('Infisical'),
      }),
    }),
    trust: mapping('What other systems trust.', {
      quarantine: whole(
        0,
        YEAR,
        'Seconds for which the name of a deleted stack or environment is not given again; 0: not at all.',
        { default: DEFAULTS.trust.quarantine },
      ),
    }),
    runs: mapping('Runs.', {
      defaultDeadline: whole(60, 30 * DAY, 'Seconds after which a run is over when its starter names no deadline.', {
        default: DEFAULTS.runs.defaultDeadline,
      }),
      maxDuration: whole(60, 30 * DAY, 'Most seconds between the start and the deadline of a run.', {
        default: DEFAULTS.runs.maxDuration,
      }),
    }),
    accessTokens: mapping('Access tokens of our own API.', {
      defaultLifetime: whole(60, YEAR, 'Seconds that an access token lives when nobody says otherwise.', {
        default: DEFAULTS.accessTokens.defaultLifetime,
      }),
      maxLifetime: whole(60, YEAR, 'Most seconds that an access token may live.', {
        default: DEFAULTS.accessTokens.maxLifetime,
      }),
    }),
    retention: mapping('How many seconds is kept what grows.', {
      finishedRuns: whole(DAY, 10 * YEAR, 'Runs that are over.', { default: DEFAULTS.retention.finishedRuns }),
      decisions: whole(DAY, 10 * YEAR, 'Decisions about exchanges.', { default: DEFAULTS.retention.decisions }),
      audit: whole(DAY, 10 * YEAR, 'Audit records; at least as long as the others.', {
        default: DEFAULTS.retention.audit,
      }),
    }),
  }),
};

import type { SigningAlgorithm } from '../keys/ring.ts';
import type { Timing } from '../keys/timing.ts';
import type { Secret } from '../secret.ts';

export type IssuerName = 'v1' | 'v2';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface IssuerSettings {
  readonly name: IssuerName;
  /** The `iss` of its tokens, byte for byte: `<url>/oidc` or `<url>/oidc/v2`. */
  readonly url: string;
  readonly alg: SigningAlgorithm;
  /** Seconds that a token lives when the caller names no lifetime. */
  readonly defaultLifetime: number;
  readonly timing: Timing;
}

export type StoreSettings =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'redis';
      readonly topology: 'single' | 'sentinel' | 'cluster';
      readonly nodes: readonly { readonly host: string; readonly port: number }[];
      /** Sentinel: name of the master. */
      readonly masterName?: string;
      readonly username?: string;
      readonly password?: Secret;
      /** Where the password was read from; for `config show`. */
      readonly passwordFile?: string;
      readonly database: number;
      readonly tls: boolean;
      /** PEM of the authority that signed the server's certificate; absent: the system's authorities. */
      readonly ca?: string;
      /** Where the authority was read from; for `config show`. */
      readonly caFile?: string;
      readonly keyPrefix: string;
    };

/** Where a cloud is, when it is not where it publishes to be: base URLs, without the path of a call. */
export interface CloudEndpointSettings {
  readonly awsSts?: string;
  readonly googleSts?: string;
  readonly googleIamCredentials?: string;
  readonly doppler?: string;
  readonly infisical?: string;
}

/** What the operator grants to one organization, and it cannot give to itself. */
export interface OrganizationSettings {
  /** Audiences that its callers may choose on v1. */
  readonly audiences: readonly string[];
  /** `host` or `host:port` of trusted issuers that may have addresses inside the network, or another port than 443. */
  readonly issuerHosts: readonly string[];
}

/** The installation's settings: validated, complete, frozen. Nothing but `settings/` sees the file's own shape. */
export interface Settings {
  /** Where the settings came from, for messages. */
  readonly file: string;
  /** Public base URL, without a trailing slash. */
  readonly url: string;
  readonly folders: {
    readonly keys: string;
    readonly data: string;
    readonly organizations: string;
    readonly environments: string;
  };
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** CIDR ranges whose `X-Forwarded-For` counts. */
    readonly trustedProxies: readonly string[];
    /** Most refused requests of one address in a minute. */
    readonly refusalsPerMinute: number;
    /** Seconds that a stopping server waits for the requests in flight. */
    readonly drainSeconds: number;
  };
  readonly log: { readonly level: LogLevel };
  readonly store: {
    readonly backend: StoreSettings;
    readonly timeoutMs: number;
    readonly acceptVolatile: boolean;
    /** Replicas that must acknowledge a write (Redis WAIT); 0: none. */
    readonly replicas: number;
  };
  readonly issuers: Readonly<Record<IssuerName, IssuerSettings>>;
  /** First part of every subject; fixed for the life of an issuer. */
  readonly subjectPrefix: string;
  /** Namespace of v2's custom claims, with its trailing slash; fixed like the prefix. */
  readonly claimNamespace: string;
  /** Operator's settings per organization name. */
  readonly organizations: Readonly<Record<string, OrganizationSettings>>;
  readonly exchange: {
    /** Most refused exchanges of one organization and issuer in a minute before further refusals are answered with 429. */
    readonly refusalsPerMinute: number;
    /** Most refusals of one trusted issuer that are stored as decisions in a minute; the others are counted. */
    readonly recordedRefusalsPerMinute: number;
    /** Top-level claims of subject tokens that no decision keeps. */
    readonly personalClaims: readonly string[];
  };
  readonly environments: {
    /** The audience of Vault logins on v1: `vault:<organization>`, or the bare organization. */
    readonly vaultAudience: 'prefixed' | 'bare';
  };
  readonly clouds: {
    /** Base URLs in place of the clouds' published ones. */
    readonly endpoints: CloudEndpointSettings;
  };
  readonly trust: {
    /** Seconds for which the name of a deleted stack or environment is not given again; 0: not at all. */
    readonly quarantine: number;
  };
  readonly runs: { readonly defaultDeadline: number; readonly maxDuration: number };
  readonly accessTokens: { readonly defaultLifetime: number; readonly maxLifetime: number };
  /** Seconds that what grows is kept. */
  readonly retention: { readonly finishedRuns: number; readonly decisions: number; readonly audit: number };
}

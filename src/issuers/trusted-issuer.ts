import type { PolicyDocument } from '../policy/policy.ts';
import type { EpochSeconds } from '../system.ts';

/** Whether a subject token may be exchanged again. `retry-window`: only the identical request, for 60 s. */
export const REPLAY_RULES = ['allow', 'retry-window', 'once'] as const;
export type ReplayRule = (typeof REPLAY_RULES)[number];

/** A JWK Set as somebody uploaded it. RFC 7517, section 5. */
export interface UploadedKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** The policy document of a trusted issuer, with its id and history. */
export interface IssuerPolicy {
  readonly id: string;
  /** 1 when the issuer was registered; one more with every change. */
  readonly version: number;
  readonly created: EpochSeconds;
  readonly modified: EpochSeconds;
  readonly document: PolicyDocument;
}

/** An outside issuer that one organization registered, with what its tokens may be exchanged for. */
export interface TrustedIssuer {
  /** Immutable, never given again: another registration of the same issuer is another trusted issuer. */
  readonly id: string;
  /** Name of the organization that trusts it. */
  readonly organization: string;
  readonly name: string;
  /** As it was registered; discovery is fetched below it. */
  readonly url: string;
  /** What `iss` must be, byte for byte. One organization has one registration of it at most. */
  readonly issuer: string;
  /** SHA-256 of TLS certificates, lower-case hexadecimal: consulted only where the public authorities say no. */
  readonly thumbprints: readonly string[];
  /** Most seconds that an access token lives which came from this issuer. */
  readonly maxExpiration: number;
  /** Set: these keys count, and nothing is ever fetched. */
  readonly jwks?: UploadedKeys;
  readonly replay: ReplayRule;
  /** Access tokens end no later than the subject token that they came from. */
  readonly capToSubjectToken: boolean;
  /** Most seconds since a subject token was issued. */
  readonly maxTokenAge: number;
  readonly created: EpochSeconds;
  readonly modified: EpochSeconds;
  /** An organization's file declares it: the API reads it and changes nothing. */
  readonly declared: boolean;
  readonly policy: IssuerPolicy;
}

/** A trusted issuer that the organization's file declares: nobody changes it through the API. */
export interface DeclaredIssuer {
  /** Absent: made from the names of organization and issuer, the same on every replica and at every start. */
  readonly id?: string;
  readonly name: string;
  readonly url: string;
  /** What `iss` must be; absent in the file: the URL. */
  readonly issuer: string;
  readonly thumbprints: readonly string[];
  readonly maxExpiration: number;
  readonly jwks?: UploadedKeys;
  readonly replay: ReplayRule;
  readonly capToSubjectToken: boolean;
  readonly maxTokenAge: number;
  readonly policy: PolicyDocument;
}

/** Defaults of a registration, in seconds. Contract section 3.1: 25 hours. */
export const ISSUER_DEFAULTS = {
  maxExpiration: 90_000,
  replay: 'allow',
  capToSubjectToken: false,
  maxTokenAge: 90_000,
} as const;

/**
 * The trusted issuers of all organizations: those that files declare, and those that the API registered.
 *
 * Every answer is as of now; nothing is cached beyond the parsing of what is stored.
 */
export interface TrustedIssuers {
  /** By the `iss` of a token. */
  find(organization: string, iss: string): Promise<TrustedIssuer | undefined>;
  get(organization: string, id: string): Promise<TrustedIssuer | undefined>;
  /** By the id of its policy document. */
  ofPolicy(organization: string, policyId: string): Promise<TrustedIssuer | undefined>;
  /** Declared ones first, then the others, oldest first. */
  list(organization: string): Promise<readonly TrustedIssuer[]>;
  /** `exists`: the organization trusts this `iss` already; exactly one of many at once wins. */
  create(issuer: TrustedIssuer): Promise<'created' | 'exists'>;
  /** Writes `next` where `before` is still what is stored. */
  replace(before: TrustedIssuer, next: TrustedIssuer): Promise<'replaced' | 'conflict'>;
  /** False when it was gone already. From then on everything that came from it is worth nothing. */
  remove(issuer: TrustedIssuer): Promise<boolean>;
  /** Notes that a token was granted; written at most once a minute, so it may be a minute late. Never throws. */
  used(issuer: TrustedIssuer, at: EpochSeconds): Promise<void>;
  lastUsed(issuer: TrustedIssuer): Promise<EpochSeconds | undefined>;
}

/** Where a token may be used: the clouds of `operationContext.oidc`, and Vault. */
export const TARGETS = ['aws', 'azure', 'google', 'vault'] as const;
export type Target = (typeof TARGETS)[number];

/** What AWS may be told of a run as a session tag: words of v1's claims. */
export const TAG_CLAIMS = ['org', 'project', 'stack', 'operation', 'deployment', 'stackId'] as const;
export type TagClaim = (typeof TAG_CLAIMS)[number];

/** A role of AWS, for `AssumeRoleWithWebIdentity`. Contract section 1.7; from `pinRole` on ours. */
export interface AwsSettings {
  readonly roleArn: string;
  /** A template: see session-name.ts. */
  readonly sessionName: string;
  /** Seconds that the session lasts; absent: as long as AWS gives by itself. */
  readonly duration?: number;
  /** Session policies; empty: none. */
  readonly policyArns: readonly string[];
  /** `https://aws.amazon.com/roles` names this role, so that the token is good for no other. */
  readonly pinRole: boolean;
  /** `https://aws.amazon.com/source_identity`: a template as the session name is one. */
  readonly sourceIdentity?: string;
  /** Session tags, by key: what the run says there. Empty: no tags at all. */
  readonly tags: Readonly<Record<string, TagClaim>>;
  /** Keys of those tags that go on into roles that the session assumes. */
  readonly transitiveTags: readonly string[];
  /** Of tokens of v2; absent: `sts.amazonaws.com`. */
  readonly audience?: string;
}

/** An application or managed identity of Microsoft Entra. */
export interface AzureSettings {
  readonly clientId?: string;
  readonly tenantId?: string;
  readonly subscriptionId?: string;
  /** Of tokens of v2; absent: `api://AzureADTokenExchange`. */
  readonly audience?: string;
}

/** A service account of Google Cloud, behind a provider of workload identities. */
export interface GoogleSettings {
  /** The project's number. */
  readonly projectId: string;
  readonly workloadPoolId: string;
  readonly providerId: string;
  /** Its e-mail address. */
  readonly serviceAccount: string;
  /** Kept, and nothing more: pools and providers are global. */
  readonly region?: string;
  /** Seconds that the service account's access token lasts. */
  readonly tokenLifetime?: number;
  /** The provider makes `google.subject` of other claims than `sub`, so Google's limit does not hold for `sub`. */
  readonly mapsSubject: boolean;
  /** Of tokens of v2; absent: the provider's resource name. */
  readonly audience?: string;
}

/** A role of a JWT auth method of Vault or OpenBao. Ours; the contract has none. */
export interface VaultSettings {
  /** Scheme and host, perhaps a port. */
  readonly address: string;
  readonly role: string;
  /** Where the auth method is mounted. */
  readonly mount: string;
  readonly namespace?: string;
  /** Of tokens of v2; absent: `vault:<organization>`. */
  readonly audience?: string;
}

/** How a run gets credentials of clouds: `operationContext.oidc`, checked and complete. Durations are whole seconds. */
export interface CloudSettings {
  readonly aws?: AwsSettings;
  readonly azure?: AzureSettings;
  /** The contract's word for what else is `google`. */
  readonly gcp?: GoogleSettings;
  readonly vault?: VaultSettings;
}

/** The same as it stands in requests and answers: durations as Go writes them, what is not set left out. */
export interface CloudSettingsOnWire {
  readonly aws?: {
    readonly roleArn: string;
    readonly sessionName: string;
    readonly duration?: string;
    readonly policyArns?: readonly string[];
    readonly pinRole?: boolean;
    readonly sourceIdentity?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly transitiveTags?: readonly string[];
    readonly audience?: string;
    /** In answers about one run: what its template came to. */
    readonly resolvedSessionName?: string;
  };
  readonly azure?: AzureSettings;
  readonly gcp?: Omit<GoogleSettings, 'tokenLifetime' | 'mapsSubject'> & {
    readonly tokenLifetime?: string;
    readonly mapsSubject?: boolean;
  };
  readonly vault?: VaultSettings;
}

/** Something wrong with one field of settings that somebody sent. */
export interface FieldProblem {
  /** `operationContext.oidc.aws.roleArn`; names that the caller chose are cut short. */
  readonly path: string;
  readonly kind: 'required' | 'invalid';
  /** End of a sentence that begins with the path. Never a value: it may be secret. */
  readonly problem: string;
}

import type { AwsRole } from '../clouds/aws.ts';
import type { WorkloadIdentityProvider } from '../clouds/google.ts';
import type { VaultServer } from '../clouds/vault.ts';

/** A cloud, as the token door of a run calls it. */
export type TargetName = 'aws' | 'azure' | 'google' | 'vault';

/** An application or managed identity of Microsoft Entra; what is not set is not published. */
export interface AzureClient {
  readonly clientId?: string;
  readonly tenantId?: string;
  readonly subscriptionId?: string;
}

export interface GoogleAccount {
  readonly provider: WorkloadIdentityProvider;
  /** E-mail address. */
  readonly serviceAccount: string;
  /** Seconds that its access tokens last; absent: as long as Google gives by itself. */
  readonly tokenLifetime?: number;
}

export interface VaultRole {
  readonly server: VaultServer;
  readonly mount: string;
  readonly role: string;
}

/** The clouds that a run gets credentials of. */
export interface Targets {
  readonly aws?: AwsRole;
  readonly azure?: AzureClient;
  readonly google?: GoogleAccount;
  readonly vault?: VaultRole;
}

import type { Sealer } from '../audit/key.ts';
import type { AuditLog } from '../audit/record.ts';
import type { CloudHttp } from '../clouds/http.ts';
import { postThrough } from '../clouds/strangers.ts';
import type { DeclaredEnvironments } from '../environments/record.ts';
import { openEnvironmentRecords } from '../environments/records.ts';
import { openEnvironmentSecrets } from '../environments/secrets.ts';
import { type OpenSessions, openEnvironmentSessions } from '../environments/sessions.ts';
import type { RunIssuer } from '../flows/draft-for-run.ts';
import type { OpenEnvironmentParts } from '../flows/environment-opener.ts';
import type { EnvironmentParts } from '../flows/environment-parts.ts';
import type { Outbound, OutboundPosts } from '../issuers/fetching.ts';
import type { Parts } from '../parts.ts';
import type { Directory } from '../runs/directory.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';
import type { RememberedTrusts } from '../trust/remembered/remembered.ts';
import type { Keepers } from './public-documents.ts';

/** Everything that is stored of environments, and the sessions of those that are open. */
export interface StoredEnvironments extends EnvironmentParts {
  readonly sessions: OpenSessions;
}

interface Below extends Pick<System, 'clock' | 'random'> {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly sealer: Sealer;
  readonly trustDocuments: RememberedTrusts;
}

export const openEnvironmentParts = (
  { clock, random, store, audit, directory, sealer, trustDocuments }: Below,
  declared: (organization: string) => DeclaredEnvironments,
): StoredEnvironments => ({
  clock,
  audit,
  directory,
  environments: openEnvironmentRecords({ store, clock, directory, declared }),
  secrets: openEnvironmentSecrets({ store, random, sealer }),
  trustDocuments,
  sessions: openEnvironmentSessions({ store, clock, random, sealer }),
});

/** The ways out of this server. */
export interface Ways {
  /** To strangers: issuers, and addresses that somebody wrote into an environment. */
  readonly outbound: Outbound & OutboundPosts;
  readonly clouds: CloudHttp;
}

/** A client waits about a minute; most of it is left to it. */
const OPENING_MS = 30_000;

/** What opening needs besides: who signs, and the ways to the clouds. */
export const openingParts = (
  { settings, system, environments }: Parts,
  keepers: Keepers,
  issuers: Readonly<Record<'v1' | 'v2', RunIssuer>>,
  { outbound, clouds }: Ways,
): OpenEnvironmentParts => {
  const { endpoints } = settings.clouds;
  return {
    ...environments,
    random: system.random,
    environmentIssuers: issuers,
    tokenRules: settings.environments,
    signer: (issuer) => keepers[issuer].signer(),
    openingMs: OPENING_MS,
    clouds: (organization) => ({
      endpoints,
      post: clouds.post,
      postToStranger: postThrough(outbound, settings.organizations[organization]?.issuerHosts ?? []),
    }),
  };
};

import type { CloudSettingsOnWire } from '../deployments/settings/cloud-settings.ts';
import { LEASE } from '../runner/keep-alive.ts';
import type { Targets } from '../runner/targets.ts';
import { Secret } from '../secret.ts';
import { type EpochSeconds, readTime } from '../system.ts';
import { makeClient } from './client.ts';
import { failed } from './failure.ts';
import type { RunTarget } from './options.ts';
import type { RunAccess } from './run-access.ts';
import type { OwnRun } from './run-desk.ts';
import { targetsOf } from './run-targets.ts';

/** A run that we started, and may speak for. */
export interface StartedRun extends OwnRun {
  readonly version: number;
  readonly deadline: EpochSeconds;
  readonly targets: Targets;
}

interface Answer {
  readonly id: string;
  readonly version: number;
  readonly deadline: string;
  readonly tokenRequest: { readonly token: string; readonly urls: Readonly<Record<'v1' | 'v2', string>> };
  readonly operationContext?: { readonly oidc?: CloudSettingsOnWire };
}

/** Starts a run that ends as failed when nobody keeps it alive: see runner/keep-alive.ts. */
export const startOwnRun = async (
  { url, accessToken, source, organization: exchangedIn }: RunAccess,
  { org, project, stack, operation, deadline }: RunTarget & { readonly deadline?: string },
  issuer: 'v1' | 'v2',
): Promise<StartedRun> => {
  const client = makeClient(url, accessToken.reveal(), source);
  const organization = exchangedIn ?? (await client.organization(org));
  // The command has the request token as well: what it asks for must not keep alive a run whose runner is gone.
  const kept = { lease: LEASE, renewedOnly: true };
  const body = { project, stack, operation, ...kept, ...(deadline !== undefined && { deadline }) };
  const answer = await client.post<Answer>(`/api/orgs/${encodeURIComponent(organization)}/runs`, body);
  const end = readTime(answer.deadline);
  if (end === undefined) throw failed('The server did not say until when the run lasts.');
  return {
    url,
    organization,
    id: answer.id,
    version: answer.version,
    tokenUrl: answer.tokenRequest.urls[issuer],
    requestToken: new Secret(answer.tokenRequest.token),
    deadline: end,
    targets: targetsOf(answer.operationContext?.oidc ?? {}),
  };
};

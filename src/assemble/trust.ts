import type { Holder } from '../access/principal.ts';
import type { Decisions } from '../exchange/decision.ts';
import { openDecisions } from '../exchange/decisions.ts';
import { openPins } from '../exchange/pin-records.ts';
import type { Pins } from '../exchange/pins.ts';
import { openReplays } from '../exchange/replay-records.ts';
import type { Replays } from '../exchange/replays.ts';
import type { OrganizationsInForce } from '../flows/reload-organizations.ts';
import { openTrustedIssuers } from '../issuers/directory.ts';
import type { TrustedIssuers } from '../issuers/trusted-issuer.ts';
import type { RunRecords } from '../runs/records.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../store/store.ts';
import type { System } from '../system.ts';

/** What the store knows of trust: whom organizations trust, what was decided, which ids and tokens were seen. */
export interface TrustRecords {
  readonly issuers: TrustedIssuers;
  readonly decisions: Decisions;
  readonly pins: Pins;
  readonly replays: Replays;
}

export const openTrustRecords = (
  store: Store,
  { clock, random }: Pick<System, 'clock' | 'random'>,
  settings: Pick<Settings, 'retention' | 'exchange'>,
  organizations: Pick<OrganizationsInForce, 'current'>,
): TrustRecords => ({
  issuers: openTrustedIssuers({
    store,
    declared: (organization) => organizations.current().get(organization)?.trustedIssuers ?? [],
  }),
  decisions: openDecisions({
    store,
    clock,
    random,
    retention: settings.retention.decisions,
    recordedRefusalsPerMinute: settings.exchange.recordedRefusalsPerMinute,
  }),
  pins: openPins(store),
  replays: openReplays(store),
});

/**
 * Is what this token came from still there? Asked at every use of an exchanged token, so that deleting a trusted
 * issuer, or the end of a run, ends its tokens everywhere at once.
 */
export const standsBehind =
  ({ issuers }: Pick<TrustRecords, 'issuers'>, runs: Pick<RunRecords, 'load'>) =>
  async ({ organization, origin }: Holder): Promise<boolean> => {
    if (!origin) return true;
    const [issuer, run] = await Promise.all([
      issuers.get(organization, origin.issuer),
      origin.run === undefined ? undefined : runs.load(origin.run),
    ]);
    return issuer !== undefined && (origin.run === undefined || run?.run.status === 'running');
  };

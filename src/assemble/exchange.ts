import type { ExchangeParts } from '../flows/exchange-token.ts';
import type { ExchangeMetrics } from '../http/metrics.ts';
import type { Outbound } from '../issuers/fetching.ts';
import { openIssuerKeys } from '../issuers/held-keys.ts';
import type { Parts } from '../parts.ts';
import { openRunsBehindTokens } from '../runs/behind-token.ts';
import type { Keepers } from './public-documents.ts';

/** What the story of an exchange needs, and the stories of those who govern it. */
export const exchangeParts = (
  parts: Parts,
  keepers: Keepers,
  outbound: Outbound,
  metrics: ExchangeMetrics,
): ExchangeParts => {
  const { settings, system, audit, accessTokens, organizations, trust, directory, runs } = parts;
  const { v1, v2 } = settings.issuers;
  const keys = openIssuerKeys({
    clock: system.clock,
    outbound,
    // Our own tokens are verified from memory: nobody is asked over the network what we know ourselves.
    own: new Map([
      [v1.url, () => keepers.v1.jwks()?.bytes],
      [v2.url, () => keepers.v2.jwks()?.bytes],
    ]),
    hosts: (organization) => settings.organizations[organization]?.issuerHosts ?? [],
    unknownKey: metrics.unknownKey,
  });
  const organization = (name: string) => organizations.current().get(name);
  const { runBehind } = openRunsBehindTokens({
    directory,
    runs,
    organization,
    issuers: settings.issuers,
    claimNamespace: settings.claimNamespace,
  });
  return {
    clock: system.clock,
    log: system.log,
    audit,
    ...trust,
    keys,
    accessTokens,
    organization,
    runBehind,
    limits: settings.accessTokens,
    personalClaims: new Set(settings.exchange.personalClaims),
    exchanged: metrics.exchanged,
  };
};

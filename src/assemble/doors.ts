import type Koa from 'koa';
import type { ExchangeQuestion } from '../exchange/question.ts';
import type { RunIssuer } from '../flows/draft-for-run.ts';
import { exchangeToken } from '../flows/exchange-token.ts';
import { makeApp } from '../http/app.ts';
import { limitRefusedExchanges } from '../http/exchange-limit.ts';
import { type MetricSources, openMetrics } from '../http/metrics.ts';
import { ringReading } from '../http/ring-reading.ts';
import { addAgentPoolRoutes } from '../http/routes/agent-pools.ts';
import { addAgentRoutes } from '../http/routes/agents.ts';
import { openApiDoor } from '../http/routes/api.ts';
import { addAuditRoutes } from '../http/routes/audit.ts';
import { addClaimRoutes } from '../http/routes/claims.ts';
import { addDecisionRoutes } from '../http/routes/decisions.ts';
import { addDeploymentRoutes } from '../http/routes/deployments.ts';
import { addEnvironmentSessionRoutes } from '../http/routes/environment-sessions.ts';
import { addEnvironmentRoutes } from '../http/routes/environments.ts';
import { exchangeRoute } from '../http/routes/exchange.ts';
import { healthRoutes } from '../http/routes/health.ts';
import { addPolicyRoutes } from '../http/routes/policies.ts';
import { addHeldNameRoutes } from '../http/routes/quarantine.ts';
import { runTokenRoute } from '../http/routes/run-tokens.ts';
import { addRunRoutes } from '../http/routes/runs.ts';
import { addStackSettingsRoutes } from '../http/routes/stack-settings.ts';
import { addStackRoutes } from '../http/routes/stacks.ts';
import { addTrustDocumentRoutes } from '../http/routes/trust-documents.ts';
import { addTrustedIssuerRoutes } from '../http/routes/trusted-issuers.ts';
import { addUserRoutes } from '../http/routes/user.ts';
import type { Parts } from '../parts.ts';
import { acceptExchanges } from '../provider/exchange-grant.ts';
import { providerMiddleware } from '../provider/mount.ts';
import type { IssuerName, Settings } from '../settings/settings.ts';
import { openingParts, type Ways } from './environments.ts';
import { exchangeParts } from './exchange.ts';
import type { FirstToken } from './first-token.ts';
import type { Keepers } from './public-documents.ts';

const issuerOf = (settings: Settings, name: IssuerName): RunIssuer => {
  const { url, defaultLifetime, timing } = settings.issuers[name];
  const { subjectPrefix, claimNamespace } = settings;
  const audiences = (organization: string) => settings.organizations[organization]?.audiences ?? [];
  return { name, url, defaultLifetime, maxLifetime: timing.maxLifetime, subjectPrefix, claimNamespace, audiences };
};

interface ServerState {
  readonly firstToken: FirstToken;
  readonly draining: boolean;
  readonly inFlight: () => number;
}

/** Every door of the server, and what stands behind each. */
export const appOf = (parts: Parts, keepers: Keepers, ways: Ways, state: ServerState): Koa => {
  const { settings, system, store, audit, directory, runs, organizations, stackSettings } = parts;
  const issuers = { v1: issuerOf(settings, 'v1'), v2: issuerOf(settings, 'v2') };
  const metrics = openMetrics(metricSources(parts, keepers, () => state.inFlight()));
  const stories = {
    ...system,
    store,
    audit,
    directory,
    runs,
    stackSettings,
    ...parts.deployments,
    secrets: parts.environments.secrets,
    trustDocuments: parts.trustDocuments,
    runIssuers: issuers,
    limits: settings.runs,
    organization: (name: string) => organizations.current().get(name),
    signer: (issuer: IssuerName) => keepers[issuer].signer(),
    issued: metrics.issued,
    deployed: metrics.deployed,
    tokenUrls: (run: string) => ({ v1: tokenUrl(issuers.v1, run), v2: tokenUrl(issuers.v2, run) }),
  };
  const door = openApiDoor(parts.accessTokens, organizations.current);
  addRunRoutes(door, stories);
  addClaimRoutes(door, stories, issuers);
  addHeldNameRoutes(door, stories);
  addTrustDocumentRoutes(door, { ...stories, environments: parts.environments.environments });
  addStackRoutes(door, stories);
  addStackSettingsRoutes(door, stories);
  addDeploymentRoutes(door, { ...stories, url: settings.url });
  addAgentRoutes(door, stories);
  addAgentPoolRoutes(door, {
    ...stories,
    accessTokens: parts.accessTokens,
    poolTokenLifetime: settings.accessTokens.maxLifetime,
  });
  addAuditRoutes(door, stories);
  addUserRoutes(door);
  const trust = exchangeParts(parts, keepers, ways.outbound, metrics);
  const trustStories = { ...stories, ...trust, ownIssuers: Object.values(issuers).map(({ url }) => url) };
  addTrustedIssuerRoutes(door, trustStories);
  addPolicyRoutes(door, trustStories);
  addDecisionRoutes(door, trustStories);
  const opening = openingParts(parts, keepers, issuers, ways);
  addEnvironmentSessionRoutes(door, opening);
  addEnvironmentRoutes(door, opening);
  const tell = (question: ExchangeQuestion, caller?: { readonly clientOrganization?: string }) =>
    exchangeToken(trust, question, caller);
  const exchange = limitRefusedExchanges(tell, system.clock, settings.exchange.refusalsPerMinute);
  acceptExchanges(parts.provider, exchange);
  const problems = () => Object.values(keepers).flatMap((keeper) => keeper.status().problem ?? []);
  const health = healthRoutes({
    keysNotReady: () => Object.values(keepers).flatMap((keeper) => (keeper.jwks() ? [] : ['There is no key set yet.'])),
    issuingNotReady: async () => [
      ...problems(),
      ...(state.draining ? ['This server is stopping.'] : []),
      ...(state.firstToken === 'not yet' ? ['The first start is not finished yet.'] : []),
      ...(await store.time().then(
        () => [],
        () => ['The store does not answer.'],
      )),
    ],
    metrics: metrics.render,
  });
  return makeApp({
    system,
    metrics,
    limits: settings.http,
    provider: providerMiddleware({ live: parts.provider, settings, audit }),
    routes: [runTokenRoute(stories, Object.values(issuers)), exchangeRoute({ exchange }), health, ...door.middleware()],
  });
};

/** Clients append `&audience=…` to it, so it carries a query already. */
const tokenUrl = (issuer: RunIssuer, run: string): string => `${issuer.url}/runs/${run}/token?v=1`;

const metricSources = (parts: Parts, keepers: Keepers, inFlight: () => number): MetricSources => ({
  rings: () => Object.values(keepers).map((keeper) => ringReading(keeper.status())),
  clockOffsetSeconds: () => parts.system.clock.offsetMs() / 1000,
  auditHeadAgeSeconds: () => parts.audit.figures().headAge,
  unrecordedRefusals: () => parts.audit.figures().unrecordedRefusals,
  unrecordedDecisions: () => parts.trust.decisions.unrecorded(),
  inFlight,
});

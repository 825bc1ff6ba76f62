import type { BareGiven } from './bare-server.ts';
import { startChild } from './child.ts';
import { atLeast, type Measurement, median, percentile, type Row, spread } from './figures.ts';
import { hammer } from './hammer.ts';
import { makeInstallation, startServer } from './installation.ts';

const CONNECTIONS = 32;
const DOCUMENTS = { jwks: '/oidc/.well-known/jwks', discovery: '/oidc/.well-known/openid-configuration' } as const;

/** Headers that node writes by itself. */
const BY_NODE = new Set(['date', 'connection', 'keep-alive']);

/** Requests per second of the public documents, in those of a bare server that answers the same bytes. */
export const measurePublicDocuments: Measurement = async ({ quick, code, note }) => {
  const [rounds, roundMs] = quick ? [5, 500] : [15, 2000];
  const installation = await makeInstallation();
  const server = await startServer(installation, { code });
  const port = Number(new URL(installation.url).port);
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(DOCUMENTS)) {
    const answer = await fetch(installation.url + path);
    const headers = [...answer.headers].filter(([header]) => !BY_NODE.has(header)).flat();
    const given: BareGiven = { headers, body: await answer.text() };
    const bare = await startChild('bare-server.ts', given);
    const contenders = {
      ours: { child: server, port },
      bare: { child: bare, port: Number(bare.ready) },
    };
    const rates = { ours: [] as number[], bare: [] as number[] };
    const costs = { ours: [] as number[], bare: [] as number[] };
    const load: number[] = [];
    for (let round = -1; round < rounds; round++) {
      for (const who of ['ours', 'bare'] as const) {
        const { child, port: at } = contenders[who];
        const [startedMs, cpuBefore] = [performance.now(), await child.cpuMs()];
        const answers = await hammer(at, path, CONNECTIONS, roundMs);
        const [tookMs, cpuMs] = [performance.now() - startedMs, (await child.cpuMs()) - cpuBefore];
        // The first round only warms both up.
        if (round < 0) continue;
        rates[who].push(answers / (tookMs / 1000));
        costs[who].push((cpuMs * 1000) / answers);
        load.push(cpuMs / tookMs);
      }
    }
    await bare.kill();
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
    const cpu = costs.ours.map((cost, round) => (costs.bare[round] ?? Number.NaN) / cost);
    const figures = `${spread(ratios)}: ${median(rates.ours).toFixed(0)}/s ÷ ${median(rates.bare).toFixed(0)}/s; by CPU ${spread(cpu)}`;
    rows.push(atLeast(`public ${name}`, median(ratios), 0.6, 0.75, figures));
    // A server that is not busy was not measured: then only the CPU figure counts.
    note(`public ${name}: the servers were busy ${(percentile(load, 0.05) * 100).toFixed(0)} % of the time or more`);
  }
  await server.kill();
  installation.remove();
  return rows;
};

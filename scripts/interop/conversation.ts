import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OutsideIssuer, openOutsideIssuer } from '../../test/interop/outside-issuer.ts';
import { trust } from '../../test/interop/trust.ts';
import { type HttpsHost, startHttpsHost } from '../../test/issuers/https-host.ts';
import { startTestServer, type TestServer } from '../../test/server.ts';

/** What a program did. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of the table. */
interface Line {
  readonly what: string;
  readonly passed: boolean;
  readonly said: string;
}

/** A server of the working tree that trusts an issuer like GitHub's, and what real clients say to it. */
export interface Conversation {
  readonly server: TestServer;
  readonly github: OutsideIssuer;
  /** An issuer that has to be fetched, with a certificate that no authority vouches for; the server may reach it. */
  readonly host: HttpsHost;
  readonly lines: readonly Line[];
  /** A home of its own for a program: nothing of this machine's reaches it, nor the other way round. */
  home(): Promise<Home>;
  /** A line of the table: what `said` gives, or why it threw. */
  line(what: string, said: () => Promise<string>): Promise<void>;
  close(): Promise<void>;
}

export interface Home {
  readonly folder: string;
  run(binary: string, parameters: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Writes a file into the home and gives its path. */
  file(name: string, text: string): Promise<string>;
}

export const openConversation = async (): Promise<Conversation> => {
  const folder = await mkdtemp(join(tmpdir(), 'runpass-interop-'));
  const host = await startHttpsHost();
  // Right below `organizations: acme:`, where the settings of the test server end.
  const server = await startTestServer({ lines: [`    issuerHosts: ["${host.host}"]`] });
  const github = await openOutsideIssuer();
  await trust(server, github);
  const published = await openOutsideIssuer(host.origin);
  host.json('/.well-known/openid-configuration', { issuer: host.origin, jwks_uri: `${host.origin}/jwks` });
  host.json('/jwks', published.jwks);

  const lines: Line[] = [];
  return {
    server,
    github,
    host,
    lines,
    async home() {
      const own = await mkdtemp(join(folder, 'home-'));
      return {
        folder: own,
        run: (binary, parameters, env = {}) => run(binary, parameters, { ...surroundings(own), ...env }),
        async file(name, text) {
          await writeFile(join(own, name), text);
          return join(own, name);
        },
      };
    },
    async line(what, said) {
      try {
        lines.push({ what, passed: true, said: await said() });
      } catch (reason) {
        lines.push({ what, passed: false, said: reason instanceof Error ? reason.message : String(reason) });
      }
    },
    async close() {
      await server.stop();
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** All that a program finds around it: above all none of the variables by which these clients detect coding agents. */
const surroundings = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  PULUMI_HOME: home,
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  NO_COLOR: '1',
});

const PATIENCE_MS = 60_000;

const run = (binary: string, parameters: readonly string[], env: Record<string, string>): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(binary, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (out[name] += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...out }));
  });

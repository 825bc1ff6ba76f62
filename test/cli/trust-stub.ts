import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../../src/cli/main.ts';
import type { Environment } from '../../src/settings/variables.ts';
import { type Clock, silentLog, systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';

export const TOKEN = 'rpa_thisMustNeverBePrintedAnywhereByAnything';

/** A request as it came in. */
export interface Heard {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answers = (heard: Heard) => { readonly status: number; readonly body?: unknown };

export interface CommandEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export interface CommandOptions {
  readonly env?: Environment;
  readonly stdin?: string;
}

/** A folder and a home of its own, in which command lines run in this process, by a clock that the test moves. */
export interface Desk {
  readonly folder: string;
  readonly home: string;
  readonly clock: StandingClock;
  run(args: readonly string[], options?: CommandOptions): Promise<CommandEnd>;
  remove(): void;
}

export const makeDesk = (standard: Environment, clock: Clock = new StandingClock()): Desk => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-desk-'));
  const home = join(folder, 'home');
  return {
    folder,
    home,
    clock: clock as StandingClock,
    async run(args, { env = {}, stdin = '' } = {}) {
      const [stdout, stderr]: [string[], string[]] = [[], []];
      const status = await runCommandLine(args, {
        env: { ...standard, ...env },
        cwd: folder,
        home,
        hostname: 'here',
        pid: process.pid,
        uid: process.getuid?.(),
        system: { clock, random: systemRandom, log: silentLog },
        stdout: { isTerminal: false, write: (part) => void stdout.push(part) },
        stderr: { isTerminal: false, write: (part) => void stderr.push(part) },
        childOutput: { stdout: collect(stdout), stderr: collect(stderr) },
        stdin: {
          isTerminal: false,
          read: async (limit) => stdin.slice(0, limit),
          askSecretly: () => Promise.reject(new Error('nobody is there to ask')),
        },
        onSignal: () => undefined,
        signalGroup: () => undefined,
        exitNow: () => {
          throw new Error('a command of a client does not end the process');
        },
      });
      return { stdout: stdout.join(''), stderr: stderr.join(''), status };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

const collect = (parts: string[]): Writable =>
  new Writable({ write: (chunk: Buffer, _encoding, done) => done(void parts.push(chunk.toString('latin1'))) });

export interface Stub {
  readonly url: string;
  readonly heard: readonly Heard[];
  stop(): void;
}

/** A server that answers as it is told: what commands send is looked at byte for byte. */
export const startStub = async (answers: Answers): Promise<Stub> => {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: await text(request) };
    heard.push(one);
    const { status, body } = answers(one);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
};

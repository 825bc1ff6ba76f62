import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { RunningServer } from '../../assemble.ts';
import type { Settings, StoreSettings } from '../../settings/settings.ts';
import { printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

export const addServeCommand = (program: Command, around: Surroundings): void => {
  program
    .command('serve')
    .description('Run the server until SIGTERM or SIGINT; SIGHUP reads the files of the organizations again.')
    .action(() => serve(around));
};

const serve = async (around: Surroundings): Promise<void> => {
  // Heard from the first moment on: a stop that comes while the server starts must not be lost.
  const signals = listenForSignals(around);
  const [{ readSettings }, { startFailure }, { startServer }, { openLog, standardOutput }] = await Promise.all([
    import('../settings.ts'),
    import('../operator.ts'),
    import('../../assemble.ts'),
    import('../../logging.ts'),
  ]);
  const settings = await readSettings(around);
  const log = openLog(settings.log.level, standardOutput());
  const server = await startServer(settings, { ...around.system, log }).catch((reason: unknown) => {
    throw startFailure(reason);
  });
  for (const line of welcome(settings, server)) printLine(around.stderr, line);
  log.info('server started', { url: server.url, host: server.address.host, port: server.address.port });
  signals.onReload(() => server.reload());
  const signal = await signals.stop;
  log.info('server stops', { signal });
  await server.stop();
  log.info('server stopped');
};

/** The first signal to stop is heard, the second one ends the process at once: 128 + the number of the signal. */
const listenForSignals = (around: Surroundings) => {
  let reload: (() => Promise<void>) | undefined;
  const { promise: stop, resolve } = Promise.withResolvers<string>();
  let stopping = false;
  around.onSignal((signal) => {
    if (signal === 'SIGHUP') {
      void reload?.();
    } else if (stopping) {
      around.exitNow(signal === 'SIGINT' ? 130 : 143);
    } else {
      stopping = true;
      resolve(signal);
    }
  });
  const onReload = (task: () => Promise<void>): void => {
    reload = task;
  };
  return { stop, onReload };
};

/** Where everything is, and what to try next: for the person who started the server. The log goes elsewhere. */
const welcome = (settings: Settings, { url, address, firstToken }: RunningServer): readonly string[] => {
  const { v1, v2 } = settings.issuers;
  const adminToken = join(settings.folders.data, 'admin.token');
  // One that an earlier public URL left behind is sent nowhere else.
  const hasToken = firstToken !== 'not on this host' && firstToken !== 'place taken' && existsSync(adminToken);
  return [
    '',
    `Runpass serves ${url} (it listens on ${address.host}, port ${address.port}).`,
    '',
    `  issuer v1      ${v1.url}`,
    `  issuer v2      ${v2.url}`,
    `  settings       ${settings.file}`,
    `  organizations  ${settings.folders.organizations}`,
    `  store          ${nameStore(settings.store.backend)}`,
    `  sealing key    ${join(settings.folders.keys, 'sealing.key')}`,
    ...(hasToken ? [`  admin token    ${adminToken}`] : []),
    '',
    ...(hasToken
      ? ['Try: runpass run start --project demo --stack dev --operation update --show-token']
      : [
          `For an access token: runpass token create --org ORGANIZATION --user LOGIN --name first${reasonOf(firstToken)}`,
        ]),
    '',
  ];
};

const reasonOf = (firstToken: RunningServer['firstToken']): string => {
  switch (firstToken) {
    case 'nobody to make it for':
      return '\n(no organization has an administrator yet: declare one, then send SIGHUP)';
    case 'place taken':
      return '\n(the admin.token in the data folder is of another store: move it away, and the next start makes one)';
    default:
      return '';
  }
};

const nameStore = (store: StoreSettings): string => {
  if (store.kind === 'memory') return 'memory (everything is forgotten when the server ends)';
  if (store.kind === 'sqlite') return store.path;
  return `Redis at ${store.nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
};

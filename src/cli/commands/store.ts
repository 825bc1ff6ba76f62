import { resolve } from 'node:path';
import type { Command } from 'commander';
import { unusable } from '../failure.ts';
import { addGroup } from '../options.ts';
import { printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

export const addStoreCommands = (program: Command, around: Surroundings): void => {
  const store = addGroup(program, 'store', 'The store of an installation, on a host that holds it.');
  store
    .command('backup')
    .description('Copy the SQLite store into a new file, complete at one instant, while the server goes on.')
    .argument('<file>', 'file to make; an existing one is never overwritten')
    .action((file: string) => backupStore(around, file));
};

const backupStore = async (around: Surroundings, file: string): Promise<void> => {
  const { readSettings } = await import('../settings.ts');
  const { backend } = (await readSettings(around)).store;
  if (backend.kind === 'redis') {
    throw unusable(
      'A Redis store is backed up by Redis itself.',
      'copy the files of BGSAVE (dump.rdb) or of the append-only log to another machine, as the manual of Redis says',
    );
  }
  if (backend.kind === 'memory') throw unusable('A memory store ends with its server: there is nothing to copy.');
  const { backupSqlite } = await import('../../store/sqlite-file.ts');
  await backupSqlite(backend.path, resolve(around.cwd, file));
  printLine(around.stdout, `${backend.path} is copied to ${file}.`);
  printLine(around.stderr, 'hint: keep the sealing key elsewhere; who has both can sign as your issuer');
};

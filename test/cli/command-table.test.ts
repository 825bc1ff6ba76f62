import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { commandTable } from '../../src/cli/main.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';

const sink = { isTerminal: false, write: () => undefined };
const program = commandTable({ stdout: sink, stderr: sink } as unknown as Surroundings);

interface Row {
  readonly command: string;
  readonly flags: readonly string[];
}

const rowsOf = (command: Command, path: string): readonly Row[] => {
  if (command.commands.length > 0) return command.commands.flatMap((one) => rowsOf(one, `${path} ${one.name()}`));
  const names = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [{ command: [path, ...names].join(' '), flags: [...names, ...command.options.map(({ flags }) => flags)] }];
};

const documented = (): readonly Row[] =>
  readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => ({
      command: /^`(.*)`/.exec(section)?.[1] ?? '',
      flags: [...section.matchAll(/^\| `(.*?)` \|/gm)].map(([, flag = '']) => flag),
    }));

describe('the command table', () => {
  const rows = rowsOf(program, 'runpass');

  test('is what docs/cli.md says: every command with every flag, and nothing else', () => {
    assert.deepEqual(documented(), rows);
  });

  test('takes the same four flags wherever a run is named', () => {
    for (const name of ['runpass run start', 'runpass claims', 'runpass doctor']) {
      const flags = rows.find(({ command }) => command === name)?.flags.map((flag) => flag.split(' ')[0]) ?? [];
      for (const flag of ['--org', '--project', '--stack', '--operation']) assert.ok(flags.includes(flag), name + flag);
    }
  });

  test('describes every command and every flag', () => {
    const visit = (command: Command): void => {
      assert.notEqual(command.description(), '', command.name());
      for (const { flags, description } of command.options) assert.notEqual(description, '', flags);
      command.commands.forEach(visit);
    };
    visit(program);
  });
});

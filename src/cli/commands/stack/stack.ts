import type { Command } from 'commander';
import { addGroup, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addCloudFlags } from './cloud-flags.ts';
import type { SetOptions, SettingsOptions } from './settings.ts';

/** `runpass stack settings`: the flags of every command; what each does is loaded when it runs. */
export const addStackCommands = (program: Command, around: Surroundings): void => {
  const stack = addGroup(program, 'stack', 'Stacks: what runs and deployments are of.');
  const settings = addGroup(stack, 'settings', 'How the runs of a stack get credentials of clouds.');

  addStack(settings.command('get').description('Print the deployment settings of a stack, and what could not work.'))
    .option(...JSON_FLAG)
    .action(async (options: SettingsOptions) => (await import('./settings.ts')).getSettings(around, options));

  addCloudFlags(
    addStack(settings.command('set').description('Change the deployment settings of a stack: what is not named stays.'))
      .argument('[file]', 'YAML or JSON, as "get" prints it; "-": standard input')
      .option('--replace', 'what the file and the flags do not say is gone')
      .option(...JSON_FLAG),
  ).action(async (file: string | undefined, options: SetOptions) =>
    (await import('./settings.ts')).setSettings(around, file, options),
  );

  addStack(settings.command('edit').description('Edit the deployment settings of a stack in an editor.')).action(
    async (options: SettingsOptions) => (await import('./settings.ts')).editSettings(around, options),
  );

  addStack(settings.command('rm').description('Delete the deployment settings of a stack.')).action(
    async (options: SettingsOptions) => (await import('./settings.ts')).removeSettings(around, options),
  );
};

const addStack = (command: Command): Command =>
  command
    .option(...ORGANIZATION_FLAG)
    .requiredOption('--project <name>', 'project')
    .requiredOption('--stack <name>', 'stack');

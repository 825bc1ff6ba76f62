import type { Command } from 'commander';
import { addGroup } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

const FILE_ARGUMENT = ['[file]', 'settings file; absent: RUNPASS_CONFIG, else config/runpass.yaml'] as const;

export const addConfigCommands = (program: Command, around: Surroundings): void => {
  const config = addGroup(program, 'config', 'The settings of an installation.');
  config
    .command('check')
    .description('Find everything that is wrong in the settings and in the files of organizations and environments.')
    .argument(...FILE_ARGUMENT)
    .action((file: string | undefined) => checkConfig(around, file));
  config
    .command('show')
    .description('Print the settings as they take effect, with every default; secrets are hidden.')
    .argument(...FILE_ARGUMENT)
    .option('--json', 'print JSON instead of YAML')
    .action((file: string | undefined, options: { readonly json?: true }) => showConfig(around, file, options));
};

const checkConfig = async (around: Surroundings, file: string | undefined): Promise<void> => {
  const { readOrganizations, readSettings } = await import('../settings.ts');
  const settings = await readSettings(around, file);
  const { size } = await readOrganizations(settings);
  printLine(around.stdout, `${settings.file} is sound; ${size} ${size === 1 ? 'organization' : 'organizations'}.`);
};

const showConfig = async (around: Surroundings, file: string | undefined, { json }: { readonly json?: true }) => {
  const [{ readSettings }, { showSettings }] = await Promise.all([
    import('../settings.ts'),
    import('../../settings/show.ts'),
  ]);
  const shown = showSettings(await readSettings(around, file));
  if (json) printJson(around.stdout, (await import('yaml')).parse(shown));
  else around.stdout.write(shown);
};

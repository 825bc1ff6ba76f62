import { type Command, Option } from 'commander';
import { goDuration } from '../../duration.ts';
import { FORMAT_NAMES } from '../../env-output/format-names.ts';
import { addGroup, gather, JSON_FLAG, ORGANIZATION_FLAG, wholeNumber } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { CheckOptions } from './check.ts';
import type { GetOptions } from './get.ts';
import type { ListOptions } from './ls.ts';
import type { OpenOptions } from './open.ts';
import type { RunOptions } from './run.ts';
import type { SetOptions } from './set.ts';
import type { VersionsOptions } from './versions.ts';

const ENVIRONMENT = ['<environment>', '[org/][project/]environment'] as const;
const ANY_VERSION = ['<environment>', '[org/][project/]environment[@version]'] as const;
const DEFAULT_LIFETIME = 7200;

/** `runpass env`: the flags of every command; what each does is loaded when it runs. */
export const addEnvCommands = (program: Command, around: Surroundings): void => {
  const env = addGroup(program, 'env', 'Environments: values, secrets and logins, opened when they are needed.');
  addReading(env, around);
  addChanging(env, around);
  addOpening(env, around);
  addVersions(env, around);
};

const addReading = (env: Command, around: Surroundings): void => {
  env
    .command('ls')
    .description('List the environments that you may see.')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action(async (options: ListOptions) => (await import('./ls.ts')).listEnvironments(around, options));

  env
    .command('get')
    .description('Print what an environment says, without opening it: secrets are hidden, logins are unknown.')
    .argument(...ANY_VERSION)
    .argument('[property]', 'path of one value, such as aws.region or list[0]')
    .option('--definition', 'print its definition instead of its values')
    .addOption(new Option('--value <format>', 'print its values so; absent: json').choices(FORMAT_NAMES))
    .option('--show-secrets', 'print its own secrets, too; the server records that they were read')
    .action(async (given: string, property: string | undefined, options: GetOptions) =>
      (await import('./get.ts')).getEnvironment(around, given, property, options),
    );

  env
    .command('check')
    .description('Find everything that is wrong in a definition; nothing is opened.')
    .argument('[environment]', '[org/][project/]environment[@version]; absent: only the file')
    .option('--file <file>', 'check this text instead of the stored one; "-": standard input')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action(async (given: string | undefined, options: CheckOptions) =>
      (await import('./check.ts')).checkDefinition(around, given, options),
    );
};

const addChanging = (env: Command, around: Surroundings): void => {
  env
    .command('set')
    .description('Set one value in the definition of an environment; comments stay.')
    .argument(...ENVIRONMENT)
    .argument('<path>', 'where, such as aws.region, list[0] or imports[1]')
    .argument('<value>', 'YAML; "-": standard input')
    .option('--secret', 'encrypt it; the value is a text, as it is')
    .option('--plaintext', 'store it in the clear, also where it looks like a secret')
    .option('--string', 'the value is a text, whatever it looks like')
    .action(async (given: string, path: string, value: string, options: SetOptions) =>
      (await import('./set.ts')).setValue(around, given, path, value, options),
    );

  env
    .command('edit')
    .description('Edit the definition of an environment; one that is not there yet is made.')
    .argument(...ENVIRONMENT)
    .option('--file <file>', 'take the definition from this file; "-": standard input')
    .action(async (given: string, options: { readonly file?: string }) =>
      (await import('./edit.ts')).editEnvironment(around, given, options),
    );

  env
    .command('rm')
    .description('Delete an environment, or one value of its definition.')
    .argument(...ENVIRONMENT)
    .argument('[path]', 'remove only this value')
    .option('--yes', 'delete the environment with all its revisions')
    .action(async (given: string, path: string | undefined, options: { readonly yes?: true }) =>
      (await import('./rm.ts')).removeEnvironment(around, given, path, options),
    );
};

const addOpening = (env: Command, around: Surroundings): void => {
  const lifetime = () =>
    new Option('--lifetime <duration>', 'how long the opened environment is kept, such as 2h or 90m')
      .argParser(goDuration)
      .default(DEFAULT_LIFETIME, '2h');
  const overrides = () =>
    new Option(
      '--override-env <import=replacement>',
      'let another environment take the place of an import, wherever it is imported, this time only; may be given several times',
    ).argParser(gather);

  env
    .command('open')
    .description('Open an environment and print its values, secrets included.')
    .argument(...ANY_VERSION)
    .argument('[property]', 'path of one value: only what it needs is opened')
    .addOption(new Option('--format <format>', 'how to print').choices(FORMAT_NAMES).default('json'))
    .addOption(lifetime())
    .addOption(overrides())
    .option('--eager', 'open everything that is declared, needed or not')
    .option('--tokens-only', 'print the ID tokens that its logins would use, as JSON; no cloud is called')
    .action(async (given: string, property: string | undefined, options: OpenOptions) =>
      (await import('./open.ts')).openEnvironment(around, given, property, options),
    );

  env
    .command('run')
    .description(
      'Run a command with the variables and files of an environment; its secrets are masked in what it prints.',
    )
    .argument(...ANY_VERSION)
    .argument('<command...>', 'what to run, after "--"')
    .option('-i, --interactive', 'give the command the terminal as it is, unmasked')
    .addOption(lifetime())
    .addOption(overrides())
    .action(async (given: string, command: readonly string[], options: RunOptions) =>
      (await import('./run.ts')).runInEnvironment(around, given, command, options),
    );
};

const addVersions = (env: Command, around: Surroundings): void => {
  env
    .command('versions')
    .description('List the revisions of an environment, newest first.')
    .argument(...ENVIRONMENT)
    .option('--limit <number>', 'at most so many', wholeNumber(1, 10_000), 50)
    .option(...JSON_FLAG)
    .action(async (given: string, options: VersionsOptions) =>
      (await import('./versions.ts')).listVersions(around, given, options),
    );

  const tag = addGroup(env, 'tag', 'Tags: names for revisions of an environment.');
  tag
    .command('set', { isDefault: true })
    .description('Make a tag name a revision; "set" may be left out.')
    .argument('<environment>', '[org/][project/]environment[@version]; absent version: the newest')
    .argument('<tag>', 'the tag; one that exists is moved')
    .action(async (given: string, name: string) => (await import('./versions.ts')).tagVersion(around, given, name));
  tag
    .command('ls')
    .description('List the tags of an environment.')
    .argument(...ENVIRONMENT)
    .option(...JSON_FLAG)
    .action(async (given: string, options: { readonly json?: true }) =>
      (await import('./versions.ts')).listTags(around, given, options),
    );
  tag
    .command('rm')
    .description('Remove a tag; the revision stays.')
    .argument('<environment>', '[org/][project/]environment@tag')
    .argument('[tag]', 'the tag, where it does not stand behind "@"')
    .action(async (given: string, name: string | undefined) =>
      (await import('./versions.ts')).removeTag(around, given, name),
    );
};

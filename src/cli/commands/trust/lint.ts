import { type Command, Option } from 'commander';
import { REPLAY_RULES, type ReplayRule } from '../../../issuers/trusted-issuer.ts';
import { failed, unusable } from '../../failure.ts';
import { JSON_FLAG } from '../../options.ts';
import { printJson, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { printFinding } from './findings.ts';
import { readInput } from './input.ts';

interface LintOptions {
  readonly issuer?: string;
  readonly replay?: ReplayRule;
  readonly json?: true;
}

export const addLintCommand = (trust: Command, around: Surroundings): void => {
  trust
    .command('lint')
    .description('Find what is unwise in policies: in files of candidates and of organizations, without a server.')
    .argument('[file...]', 'files to look at; absent: all organizations of the configured folder')
    .option('--issuer <iss>', 'what iss of the tokens is, for candidates that do not name it')
    .addOption(
      new Option('--replay <rule>', 'replay rule of the trusted issuer, for candidates (absent: allow)').choices(
        REPLAY_RULES,
      ),
    )
    .option(...JSON_FLAG)
    .action((files: readonly string[], options: LintOptions) => lintFiles(around, files, options));
};

const lintFiles = async (around: Surroundings, given: readonly string[], options: LintOptions): Promise<void> => {
  const files = given.length > 0 ? given : await configuredFiles(around);
  const [{ lintText }, { problemsIn }] = await Promise.all([import('./lint-text.ts'), import('./policy-file.ts')]);
  const looks = [];
  for (const file of files) looks.push(lintText(await readInput(around, file), file, options));
  const findings = looks.flatMap((look) => ('findings' in look ? look.findings : []));
  const problems = looks.flatMap((look) => ('problems' in look ? look.problems : []));

  if (options.json) printJson(around.stdout, { findings });
  else for (const finding of findings) printFinding(around.stdout, finding);
  if (problems.length > 0) throw problemsIn(files, problems);
  // No reason helps what the API refuses.
  const open = findings.filter(({ reason, severity }) => reason === undefined || severity === 'refused').length;
  const meant = findings.length - open;
  if (meant > 0)
    printLine(around.stderr, `${meant} ${meant === 1 ? 'finding has' : 'findings have'} a reason beside it.`);
  if (open > 0) {
    throw failed(
      `${open} ${open === 1 ? 'finding' : 'findings'} without a reason.`,
      'write what is suggested, or a "reason" into the definition; docs/policies.md explains the codes',
    );
  }
};

const configuredFiles = async (around: Surroundings): Promise<readonly string[]> => {
  const [{ readSettings }, { readdir }, { join }] = await Promise.all([
    import('../../settings.ts'),
    import('node:fs/promises'),
    import('node:path'),
  ]);
  const { organizations } = (await readSettings(around)).folders;
  const names = await readdir(organizations).catch((cause: unknown) => {
    throw unusable(`${organizations} cannot be read.`, 'name the files to look at', cause);
  });
  return names
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
    .sort()
    .map((name) => join(organizations, name));
};

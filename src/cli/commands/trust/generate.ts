import { Argument, type Command, Option } from 'commander';
import { CHECKED_BY, GENERATED_FOR, type GeneratedTrust } from '../../../trust/generate/generated.ts';
import { INPUTS } from '../../../trust/generate/inputs.ts';
import { JSON_FLAG } from '../../options.ts';
import { printable, printJson, printLine } from '../../output.ts';
import { shellWord } from '../../shell-word.ts';
import type { Surroundings, TextSink } from '../../surroundings.ts';
import { addScopeFlags, readScope, type ScopeFlags } from './scope-flags.ts';

interface GenerateOptions extends ScopeFlags, Readonly<Record<string, unknown>> {
  readonly cloud?: string;
  readonly out?: string;
  readonly json?: true;
}

export const addGenerateCommand = (trust: Command, around: Surroundings): void => {
  const command = addScopeFlags(
    trust
      .command('generate')
      .description('Write the trust document for a scope, proved, with the commands that install it.')
      .addArgument(new Argument('<target>', 'for whom').choices(GENERATED_FOR)),
  )
    .addOption(new Option('--cloud <cloud>', 'for terraform and pulumi: whose resources').choices(CHECKED_BY))
    .option('--out <folder>', 'write the files there, which must not hold them yet; absent: print a script that does');
  for (const option of inputOptions()) command.addOption(option);
  command.option(...JSON_FLAG).action((target: string, options: GenerateOptions) => generate(around, target, options));
};

const inputOptions = (): readonly Option[] =>
  Object.values(INPUTS).map(({ flag, what }) => new Option(`${flag} <value>`, what));

const generate = async (around: Surroundings, target: string, options: GenerateOptions): Promise<void> => {
  const { issuer, audience, cloud, org: given, out } = options;
  const scope = readScope(options);
  const inputs = Object.fromEntries(
    Object.entries(INPUTS).flatMap(([name, { flag }]) => {
      const value = options[new Option(`${flag} <value>`).attributeName()];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { apiPath, openClient } = await import('../../client.ts');
  const client = await openClient(around);
  const org = await client.organization(given);
  const body = { target, cloud, scope, issuer, audience, inputs };
  const generated = await client.post<GeneratedTrust>(apiPath`/api/orgs/${org}/trust/generate`, body);
  if (options.json) printJson(around.stdout, generated);
  else if (out === undefined) printScript(around.stdout, generated);
  else {
    await (await import('./write-files.ts')).writeFiles(around, out, filesOf(generated));
    const { test, install } = generated;
    // As the commands name the files.
    printLine(around.stdout, `cd ${shellWord(out.startsWith('-') ? `./${out}` : out)}`);
    for (const line of [test, ...install]) printLine(around.stdout, printable(line));
  }
  for (const warning of generated.warnings) printLine(around.stderr, printable(`warning: ${warning}`));
};

/** The files of a document, and the document itself, which `trust explain` and `trust verify` read. */
const filesOf = ({
  files,
  document,
}: GeneratedTrust): readonly { readonly name: string; readonly content: string }[] => [
  ...files,
  { name: 'trust.json', content: document },
];

/** A script of a POSIX shell: it writes the files into the current folder, tries the document, and installs it. */
const printScript = (to: TextSink, generated: GeneratedTrust): void => {
  const { scope, issuer, audience, admits, refuses, install, test } = generated;
  printLine(to, `# Lets ${scope} in: tokens of ${issuer} for ${audience}.`);
  printLine(to, `# Proved: it admits ${admits.length} and refuses ${refuses} that differ in one field.`);
  printLine(to, 'set -eu');
  for (const { name, content } of filesOf(generated)) {
    printLine(to, `cat > ${shellWord(name)} <<'END_OF_FILE'`);
    to.write(content.endsWith('\n') ? content : `${content}\n`);
    printLine(to, 'END_OF_FILE');
  }
  printLine(to, '# Try it:');
  printLine(to, printable(test));
  printLine(to, '# Install it:');
  for (const line of install) printLine(to, printable(line));
};

import { type Command, Option } from 'commander';
import { goDuration } from '../../duration.ts';
import { unusable } from '../../failure.ts';
import { addRunTarget, gather, issuerOption, JSON_FLAG, type RunTarget } from '../../options.ts';
import type { AccessFlags } from '../../run-access.ts';
import type { Surroundings } from '../../surroundings.ts';

export interface ExecOptions extends RunTarget, Omit<AccessFlags, 'org'> {
  readonly issuer: 'v1' | 'v2';
  readonly audience?: string;
  readonly aws: 'keys' | 'file';
  readonly tokenFile?: string;
  readonly trustDocument?: readonly string[];
  readonly asActions?: true;
  readonly mask?: boolean;
  readonly deadline?: string;
  readonly awsCredentialProcess?: true;
  readonly googleExecutable?: true;
  readonly json?: true;
}

export const addExecCommand = (program: Command, around: Surroundings): void => {
  addRunTarget(
    program
      .command('exec')
      .description('Run a command that finds credentials of clouds in its environment, fresh for as long as it runs.')
      .argument('[command...]', 'what to run, after "--"'),
  )
    .addOption(issuerOption('whose tokens the clouds get').default('v1'))
    .option('--audience <audience>', 'audience of PULUMI_OIDC_TOKEN; absent: the organization')
    .addOption(
      new Option('--aws <form>', 'AWS keys as variables, which end, or a token file that stays fresh')
        .choices(['keys', 'file'])
        .default('keys'),
    )
    .option('--token-file <file>', 'keep the token of PULUMI_OIDC_TOKEN fresh in this file, too')
    .option(
      '--trust-document <file>',
      'where a cloud refuses: its trust document, to say what does not admit the run; several: once each',
      gather,
    )
    .option('--as-actions', 'replace the ACTIONS_ID_TOKEN_REQUEST_ variables of the GitHub job that this runs in')
    .option('--mask', 'hide tokens and keys in what the command prints; on where CI is set')
    .option('--no-mask', 'give the command our output as it is')
    .option('--deadline <time>', 'when the run is over at the latest (RFC 3339)')
    .option('--oidc-token <token>', 'exchange this token of a trusted issuer; file://PATH: it stands there')
    .option('--oidc-team <name>', 'for a token of this team')
    .option('--oidc-user <login>', 'for a personal token of this user')
    .option('--oidc-expiration <duration>', 'how long that shall live, such as 2h or 1h30m; absent: 2h', goDuration)
    .option('--aws-credential-process', 'run nothing: print AWS keys as credential_process in ~/.aws/config wants them')
    .option('--google-executable', "run nothing: print an ID token as Google's executable-sourced credentials want it")
    .option(JSON_FLAG[0], 'tell what happens as one JSON object a line, on standard error')
    .action((command: readonly string[], options: ExecOptions) => exec(around, command, options));
};

const exec = async (around: Surroundings, command: readonly string[], options: ExecOptions): Promise<void> => {
  const { awsCredentialProcess, googleExecutable } = options;
  if (awsCredentialProcess && googleExecutable) {
    throw unusable('One call prints one thing.', 'leave out --aws-credential-process or --google-executable');
  }
  const [file, ...args] = command;
  if (awsCredentialProcess || googleExecutable) {
    if (file !== undefined) throw unusable('It prints credentials, and runs no command.', `leave out ${file}`);
    const { printAwsCredentials, printGoogleToken } = await import('./print-credentials.ts');
    await (awsCredentialProcess ? printAwsCredentials : printGoogleToken)(around, options);
    return;
  }
  if (file === undefined || file === '') throw unusable('There is no command to run.', 'write it after "--"');
  await (await import('./run-command.ts')).runCommand(around, { file, args }, options);
};

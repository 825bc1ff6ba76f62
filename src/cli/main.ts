import { Command, CommanderError } from 'commander';
import { ChildStatus } from './child-status.ts';
import { addAgentCommand } from './commands/agent/agent.ts';
import { addAgentPoolCommands } from './commands/agent-pool.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addClaimsCommand } from './commands/claims.ts';
import { addConfigCommands } from './commands/config.ts';
import { addDeploymentCommands } from './commands/deployment/deployment.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEnvCommands } from './commands/env/env.ts';
import { addExecCommand } from './commands/exec/exec.ts';
import { addKeysCommands } from './commands/keys.ts';
import { addLoginCommands } from './commands/login.ts';
import { addRunCommands } from './commands/run.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStackCommands } from './commands/stack/stack.ts';
import { addStoreCommands } from './commands/store.ts';
import { addTokenCommands } from './commands/token.ts';
import { addTrustCommands } from './commands/trust/trust.ts';
import { addWhoamiCommand } from './commands/whoami.ts';
import { printFailure } from './output.ts';
import type { Surroundings } from './surroundings.ts';
import { readVersion } from './version.ts';

/**
 * The command table: every command of Runpass with its flags.
 *
 * Declaring a command loads nothing heavy; what it needs is imported when it runs, so that a client command does
 * not pay for the server, nor the server for the client.
 */
export const commandTable = (around: Surroundings): Command => {
  const program = new Command('runpass')
    .description('A self-hosted OpenID Connect identity provider for automation.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('hint: add --help to see what the command takes')
    .configureOutput({
      writeOut: (text) => around.stdout.write(text),
      writeErr: (text) => around.stderr.write(text),
    });
  addServeCommand(program, around);
  addConfigCommands(program, around);
  addKeysCommands(program, around);
  addTokenCommands(program, around);
  addStoreCommands(program, around);
  addRunCommands(program, around);
  addExecCommand(program, around);
  addDeploymentCommands(program, around);
  addAgentPoolCommands(program, around);
  addAgentCommand(program, around);
  addStackCommands(program, around);
  addClaimsCommand(program, around);
  addAuditCommands(program, around);
  addTrustCommands(program, around);
  addEnvCommands(program, around);
  addLoginCommands(program, around);
  addWhoamiCommand(program, around);
  addDoctorCommand(program, around);
  return program;
};

/**
 * Runs one command line, without the program's name, and gives its exit status: 0, 1 or 2, and of a command that runs
 * another one the status of that one. Never throws, always says what went wrong.
 */
export const runCommandLine = async (args: readonly string[], around: Surroundings): Promise<number> => {
  try {
    await commandTable(around).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (reason) {
    if (reason instanceof ChildStatus) return reason.status;
    if (!(reason instanceof CommanderError)) return printFailure(around, reason);
    return reason.code === 'commander.helpDisplayed' || reason.code === 'commander.version' ? 0 : 2;
  }
};

import { type Command, Option } from 'commander';
import { OPERATIONS } from '../../../access/organization.ts';
import { goDuration } from '../../duration.ts';
import { issuerOption, JSON_FLAG, ORGANIZATION_FLAG, wholeNumber } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { AgentOptions } from './agent-options.ts';

export const addAgentCommand = (program: Command, around: Surroundings): void => {
  const agent = program
    .command('agent')
    .description('Take deployments of a pool and do them, until SIGTERM; then finish what was taken.')
    .requiredOption('--pool <name>', 'name of the agent pool')
    .option(...ORGANIZATION_FLAG)
    .option('--token-file <file>', 'where the token of the pool stands; absent: RUNPASS_AGENT_TOKEN')
    .option('--oidc-token <token>', "exchange this token for one of the pool; file://PATH; absent: the platform's own")
    .option('--oidc-expiration <duration>', 'how long that shall live, such as 2h or 1h30m; absent: 2h', goDuration)
    .option('--max-parallel <number>', 'do so many at a time', wholeNumber(1, 100), 1)
    .option('--poll-interval <seconds>', 'how long to wait after there was nothing to do', wholeNumber(1, 60), 5)
    .option('--allow-pre-run-commands', 'let those who ask for a deployment say what else runs')
    .option('--command <text>', 'what a deployment runs, for the shell');
  for (const operation of OPERATIONS) {
    agent.option(`--command-${operation} <text>`, `the same, of the operation ${operation}`);
  }
  agent
    .addOption(issuerOption('whose tokens the clouds get').default('v1'))
    .addOption(
      new Option('--aws <form>', 'AWS keys as variables, which end, or a token file that stays fresh')
        .choices(['keys', 'file'])
        .default('keys'),
    )
    .option(JSON_FLAG[0], 'tell what happens as one JSON object a line, on standard error')
    .action(async (options: AgentOptions) => (await import('./work.ts')).runAgent(around, options));
};

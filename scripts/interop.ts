/**
 * `npm run interop [-- --pulumi v3.259.0 --esc v0.26.0 --provider main --cel v0.31.0 --hcl v2.25.0]`: clients that
 * nobody here wrote, as released.
 * `npm run interop -- --only reference` talks to one of them; `--record` asks the reference evaluator about the cases of
 * test/environments/reference and writes its answers down.
 *
 * Builds them from the module proxy of this machine's Go into a cache outside the repository (the first time takes
 * minutes), starts a server of the working tree, registers an issuer like GitHub's, and lets the programs log in
 * and live with environments. Verifiers' own libraries decide the same as `src/trust`, or it says where not.
 * Clouds' own command lines, as this machine has them, follow what `trust generate` prints.
 * Prints a table; status 1 when a client does not get what it expects. Where there is no Go, no proxy that has a
 * program, or no such command line, it says so and passes: `npm test` replays recorded requests and answers byte for byte.
 */
import { parseArgs } from 'node:util';
import { type Conversation, openConversation } from './interop/conversation.ts';
import { talkAboutEnvironments } from './interop/environments.ts';
import { talkAsGcloud } from './interop/gcloud.ts';
import { CACHE } from './interop/go-programs.ts';
import { installed, obtain, type Program } from './interop/installed.ts';
import { talkAsKubectl } from './interop/kubectl.ts';
import { esc, provider, pulumi, reference } from './interop/programs.ts';
import { checkPulumiTypes, pulumiPackages } from './interop/pulumi-types.ts';
import { recordReference, talkToReference } from './interop/reference.ts';
import { talkAsEsc, talkAsProvider, talkAsPulumi } from './interop/talks.ts';
import { formatTerraform, hcl, readTerraform } from './interop/terraform.ts';
import { talkAsVault } from './interop/vault.ts';
import { compareVerdicts } from './interop/verdicts.ts';
import { verifiers } from './interop/verifiers.ts';

const { values } = parseArgs({
  options: {
    pulumi: { type: 'string', default: 'v3.259.0' },
    esc: { type: 'string', default: 'v0.26.0' },
    provider: { type: 'string', default: 'main' },
    cel: { type: 'string', default: 'v0.31.0' },
    hcl: { type: 'string', default: 'v2.25.0' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

const talks: readonly (readonly [Program, (conversation: Conversation, binary: string) => Promise<void>])[] = [
  [pulumi(values.pulumi), talkAsPulumi],
  [pulumi(values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'pulumi', binary)],
  [esc(values.esc, values.pulumi), talkAsEsc],
  [esc(values.esc, values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'esc', binary)],
  [provider(values.provider), talkAsProvider],
  [verifiers(values.cel), compareVerdicts],
  [reference(values.pulumi), talkToReference],
  [installed('gcloud'), talkAsGcloud],
  [installed('kubectl'), talkAsKubectl],
  [installed('vault'), talkAsVault],
  [hcl(values.hcl), readTerraform],
  [installed('terraform'), formatTerraform],
  [pulumiPackages, checkPulumiTypes],
];
const chosen = talks.filter(([{ name }]) => values.only === undefined || name === values.only);

const loudly = (sentence: string): void => console.error(`\n!!! ${sentence}\n`);

const main = async (): Promise<number> => {
  console.error(`Programs are kept in ${CACHE}`);
  if (values.record) {
    const built = await obtain(reference(values.pulumi), (text) => console.error(text));
    if ('binary' in built) await recordReference(built.binary);
    else loudly(`Nothing was recorded: ${built.reason}`);
    return 'binary' in built ? 0 : 1;
  }
  const conversation = await openConversation();
  try {
    for (const [program, talk] of chosen) {
      const built = await obtain(program, (text) => console.error(text));
      if ('binary' in built) await talk(conversation, built.binary);
      else loudly(`${program.name} ${program.version} was not tried: ${built.reason}`);
    }
  } finally {
    await conversation.close();
  }
  const { lines } = conversation;
  const width = Math.max(0, ...lines.map(({ what }) => what.length));
  for (const { what, passed, said } of lines)
    console.log(`${passed ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  ${said}`);
  const failed = lines.filter(({ passed }) => !passed).length;
  console.log(`\n${lines.length} tried, ${failed} failed`);
  return failed > 0 ? 1 : 0;
};

process.exit(await main());

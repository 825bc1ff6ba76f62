/**
 * `npm run interop [-- --pulumi v3.259.0 --esc v0.26.0 --provider main --cel v0.31.0]`: clients that nobody here wrote, as released.
 * `npm run interop -- --only reference` talks to one of them; `--record` asks the reference evaluator about the cases of
 * test/environments/reference, and Vault and Kubernetes's API server about documents of theirs, and writes their answers down.
 *
 * Builds them from the module proxy of this machine's Go into a cache outside the repository (the first time takes
 * minutes), starts a server of the working tree, registers an issuer like GitHub's, and lets the programs log in
 * and live with environments. Verifiers' own libraries, and Vault and the API server of Kubernetes
 * themselves, decide the same as `src/trust`, or it says where not.
 * Prints a table; status 1 when a client does not get what it expects. Where there is no Go, or no proxy that has a
 * program, it says so and passes: `npm test` replays the same requests byte for byte.
 */
import { parseArgs } from 'node:util';
import { type Conversation, openConversation } from './interop/conversation.ts';
import { talkAboutEnvironments } from './interop/environments.ts';
import { build, CACHE, type GoProgram, whyNoGo } from './interop/go-programs.ts';
import { apiServer, esc, provider, pulumi, reference, vault } from './interop/programs.ts';
import { recordReference, talkToReference } from './interop/reference.ts';
import { recordApiServer, recordVault, talkToApiServer, talkToVault } from './interop/relying-party-talks.ts';
import { talkAsEsc, talkAsProvider, talkAsPulumi } from './interop/talks.ts';
import { compareVerdicts } from './interop/verdicts.ts';
import { verifiers } from './interop/verifiers.ts';

const { values } = parseArgs({
  options: {
    pulumi: { type: 'string', default: 'v3.259.0' },
    esc: { type: 'string', default: 'v0.26.0' },
    provider: { type: 'string', default: 'main' },
    cel: { type: 'string', default: 'v0.31.0' },
    vault: { type: 'string', default: 'v0.26.1' },
    kubernetes: { type: 'string', default: 'v0.37.2' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

const talks: readonly (readonly [GoProgram, (conversation: Conversation, binary: string) => Promise<void>])[] = [
  [pulumi(values.pulumi), talkAsPulumi],
  [pulumi(values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'pulumi', binary)],
  [esc(values.esc, values.pulumi), talkAsEsc],
  [esc(values.esc, values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'esc', binary)],
  [provider(values.provider), talkAsProvider],
  [verifiers(values.cel), compareVerdicts],
  [vault(values.vault), talkToVault],
  [apiServer(values.kubernetes), talkToApiServer],
  [reference(values.pulumi), talkToReference],
];

/** Those whose answers are written down. */
const recorders: readonly (readonly [GoProgram, (binary: string) => Promise<void>])[] = [
  [vault(values.vault), recordVault],
  [apiServer(values.kubernetes), recordApiServer],
  [reference(values.pulumi), recordReference],
];
const isChosen = ([{ name }]: readonly [GoProgram, unknown]): boolean =>
  values.only === undefined || name === values.only;
const chosen = talks.filter(isChosen);

const loudly = (sentence: string): void => console.error(`\n!!! ${sentence}\n`);

const main = async (): Promise<number> => {
  const reason = await whyNoGo();
  if (reason !== undefined) {
    loudly(
      `No real client was tried: ${reason}. Their requests are replayed by test/interop/exchange-*.test.ts and environment-clients.test.ts, and the reference evaluator’s answers by test/environments/reference.`,
    );
    return 0;
  }
  console.error(`Programs are kept in ${CACHE}`);
  if (values.record) {
    let failed = false;
    for (const [program, record] of recorders.filter(isChosen)) {
      const built = await build(program, (text) => console.error(text));
      if ('binary' in built) await record(built.binary);
      else loudly(`Nothing was recorded of ${program.name}: ${built.reason}`);
      failed ||= 'reason' in built;
    }
    return failed ? 1 : 0;
  }
  const conversation = await openConversation();
  try {
    for (const [program, talk] of chosen) {
      const built = await build(program, (text) => console.error(text));
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

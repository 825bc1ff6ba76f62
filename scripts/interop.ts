/**
 * `npm run interop [-- --pulumi v3.259.0 --esc v0.26.0 --provider main --cel v0.31.0 --hcl v2.25.0]`: clients that
 * nobody here wrote, as released.
 * `npm run interop -- --only reference` talks to one of them; `--record` asks the reference evaluator about the cases of
 * test/environments/reference, and Vault and Kubernetes's API server about documents of theirs, and writes their answers down.
 *
 * Builds them from the module proxy of this machine's Go, or installs them with its Python, into a cache outside the
 * repository (the first time takes minutes), starts a server of the working tree, registers an issuer like GitHub's, and
 * lets the programs log in and live with environments. Verifiers' own libraries, and Vault and the API server
 * of Kubernetes themselves, decide the same as `src/trust`, or it says where not; the clouds' command lines follow what `runpass trust generate` prints.
 * Prints a table; status 1 when a client does not get what it expects. Where there is no Go or Python, or nothing that
 * has a program, it says so and passes: `npm test` replays the same requests byte for byte.
 */
import { parseArgs } from 'node:util';
import { awsCli, walkAsAws } from './interop/aws-cli.ts';
import { azureCli, walkAsAzure } from './interop/azure-cli.ts';
import { buildCargo, type CargoProgram } from './interop/cargo-programs.ts';
import { type Conversation, openConversation } from './interop/conversation.ts';
import { talkAboutEnvironments } from './interop/environments.ts';
import { talkAsGcloud } from './interop/gcloud.ts';
import { type Built, build, CACHE, type GoProgram } from './interop/go-programs.ts';
import { find, type InstalledProgram, installed, installPackages, type NpmPackages } from './interop/installed.ts';
import { talkAsKubectl } from './interop/kubectl.ts';
import { comparePolicies, TOLERANCES_OF_IAM_RS, TOLERANCES_OF_SEAWEEDFS } from './interop/policies.ts';
import { iamRs, seaweedfs } from './interop/policy-evaluators.ts';
import { apiServer, esc, provider, pulumi, reference, vault } from './interop/programs.ts';
import { checkPulumiTypes, pulumiPackages } from './interop/pulumi-types.ts';
import { installPython, type PythonPrograms } from './interop/python-programs.ts';
import { recordReference, talkToReference } from './interop/reference.ts';
import { recordApiServer, recordVault, talkToApiServer, talkToVault } from './interop/relying-party-talks.ts';
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
    'iam-rs': { type: 'string', default: '0.8.0' },
    seaweedfs: { type: 'string', default: 'v0.0.0-20261109003541-7506e5f91cd6' },
    vault: { type: 'string', default: 'v0.26.1' },
    kubernetes: { type: 'string', default: 'v0.37.2' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

type TalkWith = (conversation: Conversation, binary: string) => Promise<void>;

/** A program, how this machine comes by it, and what is said to it. */
interface Talk {
  readonly name: string;
  readonly version: string;
  readonly get: (note: (text: string) => void) => Promise<Built>;
  readonly talk: TalkWith;
}

const go = (program: GoProgram, talk: TalkWith): Talk => ({ ...program, get: (note) => build(program, note), talk });
const cargo = (program: CargoProgram, talk: TalkWith): Talk => ({
  ...program,
  get: (note) => buildCargo(program, note),
  talk,
});
const python = (programs: PythonPrograms, talk: TalkWith): Talk => ({
  ...programs,
  get: (note) => installPython(programs, note),
  talk,
});

const npm = (packages: NpmPackages, talk: TalkWith): Talk => ({
  ...packages,
  get: async (note) => installPackages(packages, note),
  talk,
});
const here = (program: InstalledProgram, talk: TalkWith): Talk => ({
  ...program,
  get: async () => find(program),
  talk,
});

const talks: readonly Talk[] = [
  go(pulumi(values.pulumi), talkAsPulumi),
  go(pulumi(values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'pulumi', binary)),
  go(esc(values.esc, values.pulumi), talkAsEsc),
  go(esc(values.esc, values.pulumi), (conversation, binary) => talkAboutEnvironments(conversation, 'esc', binary)),
  go(provider(values.provider), talkAsProvider),
  go(verifiers(values.cel), compareVerdicts),
  go(vault(values.vault), talkToVault),
  go(apiServer(values.kubernetes), talkToApiServer),
  go(reference(values.pulumi), talkToReference),
  python(awsCli, walkAsAws),
  python(azureCli, walkAsAzure),
  cargo(iamRs(values['iam-rs']), comparePolicies('iam-rs', TOLERANCES_OF_IAM_RS)),
  go(seaweedfs(values.seaweedfs), comparePolicies('seaweedfs', TOLERANCES_OF_SEAWEEDFS)),
  here(installed('gcloud'), talkAsGcloud),
  here(installed('kubectl'), talkAsKubectl),
  here(installed('vault'), talkAsVault),
  go(hcl(values.hcl), readTerraform),
  here(installed('terraform'), formatTerraform),
  npm(pulumiPackages, checkPulumiTypes),
];

/** Those whose answers are written down. */
const recorders: readonly (readonly [GoProgram, (binary: string) => Promise<void>])[] = [
  [vault(values.vault), recordVault],
  [apiServer(values.kubernetes), recordApiServer],
  [reference(values.pulumi), recordReference],
];
const isChosen = ({ name }: { readonly name: string }): boolean => values.only === undefined || name === values.only;
const chosen = talks.filter(isChosen);

const loudly = (sentence: string): void => console.error(`\n!!! ${sentence}\n`);

const main = async (): Promise<number> => {
  console.error(`Programs are kept in ${CACHE}`);
  if (values.record) {
    let failed = false;
    for (const [program, record] of recorders.filter(([program]) => isChosen(program))) {
      const built = await build(program, (text) => console.error(text));
      if ('binary' in built) await record(built.binary);
      else loudly(`Nothing was recorded of ${program.name}: ${built.reason}`);
      failed ||= 'reason' in built;
    }
    return failed ? 1 : 0;
  }
  const conversation = await openConversation();
  try {
    for (const { name, version, get, talk } of chosen) {
      const got = await get((text) => console.error(text));
      if ('binary' in got) await talk(conversation, got.binary);
      else
        loudly(
          `${name} ${version} was not tried: ${got.reason}. npm test replays what was recorded of it, where that can be.`,
        );
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

import { type Command, Option } from 'commander';
import type { KeyAnswer, Rewrapped } from '../../flows/rotate-keys.ts';
import type { SigningAlgorithm } from '../../keys/ring.ts';
import type { IssuerName } from '../../settings/settings.ts';
import { writeTime } from '../../system.ts';
import { CommandFailure, failed, unusable } from '../failure.ts';
import { addGroup, issuerOption, JSON_FLAG } from '../options.ts';
import { printJson, printLine, printTable } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ExportOptions } from './keys-export.ts';

interface OneIssuer {
  readonly issuer: IssuerName;
  readonly json?: true;
}

interface RotateOptions extends OneIssuer {
  readonly alg?: SigningAlgorithm;
  readonly unsafe?: true;
  readonly reason?: string;
}

interface RevokeOptions {
  readonly reason: string;
  readonly unsafe?: true;
  readonly json?: true;
}

/** A change is made to one key ring: v1's, which everybody starts with, unless the other one is named. */
const ringOption = () => issuerOption('whose key ring').default('v1');

export const addKeysCommands = (program: Command, around: Surroundings): void => {
  const keys = addGroup(program, 'keys', 'Signing and sealing keys, on a host that holds the store.');

  keys
    .command('init')
    .description('Make the sealing key; an existing one is never overwritten.')
    .option('--add', 'put a new sealing key before the present ones, which still open what they sealed')
    .action((options: { readonly add?: true }) => initKeys(around, options));

  keys
    .command('list')
    .description('Show what signs now, what signs next and when, and when each key leaves.')
    .addOption(issuerOption('only of this issuer; absent: both'))
    .option(...JSON_FLAG)
    .action((options: Partial<OneIssuer>) => listRings(around, options));

  keys
    .command('rotate')
    .description('Let the next key sign as soon as verifiers know it, and say when that is.')
    .addOption(ringOption())
    .addOption(new Option('--alg <algorithm>', 'algorithm of the keys to come').choices(['RS256', 'ES256']))
    .option('--unsafe', 'let it sign now: verifiers with a cache may refuse its tokens for a while')
    .option('--reason <text>', 'with --unsafe: why; for the audit log')
    .option(...JSON_FLAG)
    .action((options: RotateOptions) => rotate(around, options));

  keys
    .command('rollback')
    .description('Undo the last switch, while the private half of the key before is kept.')
    .addOption(ringOption())
    .option(...JSON_FLAG)
    .action((options: OneIssuer) => change(around, options, (desk, flows) => flows.rollbackKeys(desk)));

  keys
    .command('revoke')
    .description('Take a leaked key out of the key set at once: its tokens die with the caches of verifiers.')
    .argument('<kid>', 'the key, as "keys list" shows it')
    .requiredOption('--reason <text>', 'why; for the audit log')
    .option('--unsafe', 'let the next key sign now, however young it is')
    .option(...JSON_FLAG)
    .action((kid: string, options: RevokeOptions) => revoke(around, kid, options));

  keys
    .command('rewrap')
    .description('Seal every private half with the first sealing key, so that older ones can leave the file.')
    .option(...JSON_FLAG)
    .action((options: { readonly json?: true }) => rewrap(around, options));

  keys
    .command('export')
    .description('Print the public key set as it is published now, for verifiers that take a file.')
    .addOption(ringOption())
    .option('--static <folder>', 'write discovery and key set as files, for an issuer that clouds cannot reach')
    .option('--upload <place>', 'with --static: print the commands that publish them at s3://…, gs://… or az://…/…')
    .option('--verify <url>', 'compare what is published there with the key ring')
    .action((options: ExportOptions) => exportKeySet(around, options));
};

type Flows = typeof import('../../flows/rotate-keys.ts');
type Desk = Parameters<Flows['rotateKeys']>[0];

/** Opens the desks of these key rings for one command, and closes everything whatever comes of it. */
const withDesks = async <T>(
  around: Surroundings,
  issuers: readonly IssuerName[],
  work: (desks: readonly Desk[], flows: Flows) => Promise<T>,
): Promise<T> => {
  const [{ openInstallation, operatorName }, flows] = await Promise.all([
    import('../operator.ts'),
    import('../../flows/rotate-keys.ts'),
  ]);
  const { settings, store, sealingKeys, audit, close } = await openInstallation(around);
  const deskOf = (name: IssuerName): Desk => {
    const { timing } = settings.issuers[name];
    return { name, timing, store, sealingKeys, audit, actor: operatorName(around) };
  };
  return work(issuers.map(deskOf), flows).finally(close);
};

const BOTH: readonly IssuerName[] = ['v1', 'v2'];

const initKeys = async (around: Surroundings, { add }: { readonly add?: true }): Promise<void> => {
  const [{ readSettings }, sealing] = await Promise.all([
    import('../settings.ts'),
    import('../../keys/sealing-file.ts'),
  ]);
  const { folders } = await readSettings(around);
  const file = sealing.sealingFile(folders.keys);
  const isDone = await (add ? sealing.addSealingKey : sealing.createSealingKey)(folders.keys, around.system.random);
  if (!isDone && add) throw failed(`There is no ${file}.`, '"runpass keys init" without --add makes it');
  if (!isDone)
    throw failed(`${file} exists already; nothing was changed.`, '--add puts a new key before the ones in it');
  if (add) {
    printLine(around.stdout, `${file} has a new first key.`);
    printLine(around.stderr, 'hint: give every replica this file and start it again, then run "runpass keys rewrap"');
  } else {
    printLine(around.stdout, `${file} is made.`);
    printLine(around.stderr, 'hint: keep a copy apart from the backups of the store; give every replica the same file');
  }
};

const listRings = async (around: Surroundings, { issuer, json }: Partial<OneIssuer>): Promise<void> => {
  const issuers = issuer === undefined ? BOTH : [issuer];
  const views = await withDesks(around, issuers, (desks, flows) =>
    Promise.all(desks.map(async (desk) => [desk.name, await flows.listKeys(desk)] as const)),
  );
  const { printRing, ringForPrograms } = await import('../key-rings.ts');
  if (json) {
    printJson(around.stdout, { issuers: views.flatMap(([, view]) => (view ? [ringForPrograms(view)] : [])) });
    return;
  }
  for (const [at, [name, view]] of views.entries()) {
    if (at > 0) printLine(around.stdout);
    if (view) printRing(around.stdout, view);
    else printLine(around.stdout, `${name}: no key ring yet; the first server makes it`);
  }
};

const rotate = async (around: Surroundings, options: RotateOptions): Promise<void> => {
  const { alg, unsafe, reason } = options;
  if (unsafe && alg) throw unusable('A change of algorithm is never unsafe.', 'leave out --alg or --unsafe');
  if (unsafe && !reason) throw unusable('--unsafe asks for a reason: it goes into the audit log.', 'add --reason TEXT');
  if (!unsafe && reason) throw unusable('A rotation needs no reason unless it is unsafe.', 'leave out --reason');
  await change(around, options, (desk, flows) => {
    if (alg) return flows.changeAlgorithmOfKeys(desk, alg);
    return unsafe && reason ? flows.rotateKeysUnsafely(desk, reason) : flows.rotateKeys(desk);
  });
  if (alg) {
    printLine(
      around.stderr,
      `hint: write "issuers.${options.issuer}.alg: ${alg}" in the settings, too: a server follows them when it starts`,
    );
  }
};

const change = async (
  around: Surroundings,
  { issuer, json }: OneIssuer,
  work: (desk: Desk, flows: Flows) => Promise<KeyAnswer>,
): Promise<void> => {
  const answer = await withDesks(around, [issuer], ([desk], flows) => work(desk as Desk, flows));
  printAnswer(around, answer, json);
};

const revoke = async (around: Surroundings, kid: string, { json, ...request }: RevokeOptions): Promise<void> => {
  const answer = await withDesks(around, BOTH, async (desks, flows) => {
    const views = await Promise.all(desks.map((desk) => flows.listKeys(desk)));
    const owner = desks.find((_, at) => views[at]?.keys.some((key) => key.kid === kid));
    if (!owner) {
      throw new CommandFailure(1, `No key ring has a key ${kid}.`, {
        code: 'unknown_key',
        hint: 'see "runpass keys list"',
      });
    }
    return flows.revokeKey(owner, { kid, ...request });
  });
  printAnswer(around, answer, json);
};

const printAnswer = ({ stdout, stderr }: Surroundings, answer: KeyAnswer, json: true | undefined): void => {
  const { outcome, sentence, refusal, takesEffect, audited } = answer;
  if (outcome === 'refused') throw new CommandFailure(1, sentence, refusal === undefined ? {} : { code: refusal });
  const effect = takesEffect === undefined ? {} : { takesEffect: writeTime(takesEffect) };
  if (json) printJson(stdout, { outcome, sentence, ...effect });
  else
    printLine(
      stdout,
      effect.takesEffect === undefined ? sentence : `${sentence} It takes effect at ${effect.takesEffect}.`,
    );
  if (!audited) printLine(stderr, 'warning: the audit log could not take the record of this change');
};

const rewrap = async (around: Surroundings, { json }: { readonly json?: true }): Promise<void> => {
  const [{ open, seal }, { rewrapAuditKey }, { rewrapEnvironmentKeys }] = await Promise.all([
    import('../../keys/seal.ts'),
    import('../../audit/key.ts'),
    import('../../environments/rewrap-keys.ts'),
  ]);
  let environments: Readonly<Record<string, number>> = {};
  const answers = await withDesks(around, BOTH, async (desks, flows) => {
    const rewrapped: Rewrapped[] = [];
    for (const desk of desks) rewrapped.push(await flows.rewrapKeys(desk));
    for (const { store, sealingKeys } of desks.slice(0, 1)) {
      await rewrapAuditKey(store, {
        seal: (purpose, text) => seal(sealingKeys, purpose, text),
        open: (purpose, sealed) => open(sealingKeys, purpose, sealed),
      });
      environments = await rewrapEnvironmentKeys(store, sealingKeys);
    }
    return rewrapped;
  });
  const rings = BOTH.map((issuer, at) => ({ issuer, answer: answers[at] as Rewrapped }));
  if (json) {
    printJson(around.stdout, {
      rings: rings.map(({ issuer, answer }) => ({ issuer, sealedWith: answer.sealedWith })),
      environments: { sealedWith: environments },
    });
  } else {
    const sealed = [
      ...rings.map(({ issuer, answer }) => [issuer, answer.sealedWith] as const),
      ['environments', environments] as const,
    ];
    const rows = sealed.flatMap(([what, counts]) =>
      Object.entries(counts).map(([id, count]) => [what, id, count] as const),
    );
    printTable(around.stdout, ['keys of', 'sealing key', 'sealed'], rows);
  }
  const refused = answers.find(({ outcome }) => outcome === 'refused');
  if (refused) printAnswer(around, refused, json);
  else printLine(around.stderr, 'hint: a sealing key that no line shows can leave the file');
};

const exportKeySet = async (around: Surroundings, options: ExportOptions): Promise<void> => {
  const { issuer, static: folder, upload, verify } = options;
  if (folder !== undefined || upload !== undefined || verify !== undefined) {
    await (await import('./keys-export.ts')).exportStatic(around, options);
    return;
  }
  const published = await withDesks(around, [issuer], ([desk], flows) => flows.exportKeys(desk as Desk));
  if (!published) throw new CommandFailure(1, `There is no key ring ${issuer} yet.`, { code: 'no_ring' });
  around.stdout.write(`${published.bytes.toString('utf8')}\n`);
};

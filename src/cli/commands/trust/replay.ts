import type { Command } from 'commander';
import { timeSpan } from '../../duration.ts';
import { failed } from '../../failure.ts';
import { JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readDecisions, timeBefore } from './decisions.ts';
import { openTrustDesk } from './desk.ts';
import { readInput } from './input.ts';
import { askedFor, rightsOf, type ShownDecision } from './print-decision.ts';
import type { Replayed } from './replay-decision.ts';

interface ReplayOptions {
  readonly policies: string;
  readonly issuer: string;
  readonly since: number;
  readonly failOnFlip?: true;
  readonly org?: string;
  readonly json?: true;
}

type Changed = Extract<Replayed, { readonly kind: 'flip' | 'rights' }>;

interface Change {
  readonly decision: ShownDecision;
  readonly change: Changed;
}

export const addReplayCommand = (trust: Command, around: Surroundings): void => {
  trust
    .command('replay')
    .description('Decide recorded exchanges again under a candidate policy, and list those that would change.')
    .requiredOption('--policies <file>', 'the candidate, as for "trust policy set"; "-": standard input')
    .requiredOption('--issuer <issuer>', 'trusted issuer, id or name')
    .requiredOption('--since <span>', 'how far back, such as 7d, 24h or 90m', timeSpan)
    .option('--fail-on-flip', 'end with status 1 where an exchange would flip')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((options: ReplayOptions) => replay(around, options));
};

const replay = async (around: Surroundings, options: ReplayOptions): Promise<void> => {
  const { policies: file, issuer: given, json } = options;
  const text = await readInput(around, file);
  const desk = await openTrustDesk(around, options.org);
  const issuer = await desk.findIssuer(given);
  const [{ mustBeFor, mustReadCandidate }, { replayDecision }] = await Promise.all([
    import('./policy-file.ts'),
    import('./replay-decision.ts'),
  ]);
  // What the candidate leaves out stays as it is when it is set: so it must be the same here.
  const { written, document } = mustReadCandidate(text, file, await desk.policyOf(issuer));
  mustBeFor(written, issuer, file);

  const counts = { decisions: 0, unchanged: 0, reason: 0, not_weighed: 0, claim_omitted: 0 };
  const flips: Change[] = [];
  const rights: Change[] = [];
  const since = timeBefore(around, options.since);
  for await (const decision of readDecisions(desk, { issuer: issuer.id, since })) {
    counts.decisions++;
    const change = replayDecision(document, decision);
    if (change.kind === 'flip') flips.push({ decision, change });
    else if (change.kind === 'rights') rights.push({ decision, change });
    else counts[change.kind === 'untold' ? change.why : change.kind]++;
  }

  if (json) printJson(around.stdout, forPrograms(since, counts, flips, rights));
  else printReplay(around, since, counts, flips, rights);
  if (document.mode === 'audit') {
    printLine(
      around.stderr,
      'note: the candidate is in audit mode: what it allows is recorded, and nothing is granted',
    );
  }
  if (options.failOnFlip && flips.length > 0) {
    throw failed(`${flips.length} of ${counts.decisions} decisions would flip.`);
  }
};

type Counts = Readonly<Record<'decisions' | 'unchanged' | 'reason' | 'not_weighed' | 'claim_omitted', number>>;

const forPrograms = (since: string, counts: Counts, flips: readonly Change[], rights: readonly Change[]) => {
  const { decisions, unchanged, reason, not_weighed: notWeighed, claim_omitted: claimOmitted } = counts;
  const show = ({ decision, change }: Change) => ({
    decision: decision.id,
    time: decision.time,
    question: decision.question,
    recorded: { outcome: decision.outcome, ...(decision.code !== undefined && { code: decision.code }) },
    before: change.before,
    after: change.after,
    decidedBefore: change.decidedBefore,
    decidedAfter: change.decidedAfter,
    ...(change.kind === 'rights' && { rights: rightsOfBoth(decision, change) }),
  });
  return {
    since,
    decisions,
    flips: flips.map(show),
    rights: rights.map(show),
    unchanged,
    otherReason: reason,
    untold: { notWeighed, claimOmitted },
  };
};

const printReplay = (
  { stdout }: Surroundings,
  since: string,
  counts: Counts,
  flips: readonly Change[],
  rights: readonly Change[],
): void => {
  if (flips.length > 0) {
    const row = ({ decision, change }: Change) => [
      decision.id,
      decision.time,
      askedFor(decision.question),
      decision.code === undefined ? change.before : `${change.before} (${decision.code})`,
      change.after,
      decidersOf(change),
    ];
    printTable(stdout, ['decision', 'time', 'asked for', 'before', 'after', 'decided by'], flips.map(row));
    printLine(stdout);
  }
  if (rights.length > 0) {
    const row = ({ decision, change }: Change) => {
      const { before, after } = rightsOfBoth(decision, change);
      return [decision.id, decision.time, rightsOf(before), rightsOf(after), decidersOf(change)];
    };
    printTable(stdout, ['decision', 'time', 'rights before', 'rights after', 'decided by'], rights.map(row));
    printLine(stdout);
  }
  const { decisions, unchanged, reason, not_weighed, claim_omitted } = counts;
  printLine(
    stdout,
    `${decisions} decisions since ${since}: ${flips.length} would flip, ${rights.length} would give other rights,`,
  );
  printLine(stdout, `${unchanged} unchanged, ${reason} refused for another reason.`);
  const untold = not_weighed + claim_omitted;
  if (untold === 0) return;
  printLine(
    stdout,
    `Of ${untold} it cannot be told: of ${not_weighed} no policy was asked, ${claim_omitted} hang on claims that were not kept.`,
  );
};

/** What decides under the candidate; where nothing does any more, the rules that keep its allows from matching. */
const decidersOf = ({ decidedAfter, verdict }: Changed): string => {
  if (decidedAfter.length > 0) return decidedAfter.map((index) => `policies[${index}]`).join(', ');
  const missed = verdict.trace.filter(({ decision, failure }) => decision === 'allow' && failure);
  const nearest = missed.map(
    ({ index, failure }) => `policies[${index}] needs ${failure?.claim}: ${failure?.expected}`,
  );
  return nearest.length === 0 ? 'no allow for what was asked' : nearest.join('; ');
};

const rightsOfBoth = ({ grant }: ShownDecision, { verdict }: Changed) => ({
  before: { administrator: grant?.administrator ?? false, roles: grant?.roles ?? [] },
  after: { administrator: verdict.administrator, roles: verdict.roles },
});

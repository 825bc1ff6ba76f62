import { type Command, Option } from 'commander';
import { epochSeconds, writeTime } from '../../../system.ts';
import type { Query } from '../../client.ts';
import { timeSpan } from '../../duration.ts';
import { failed } from '../../failure.ts';
import { JSON_FLAG, ORGANIZATION_FLAG, wholeNumber } from '../../options.ts';
import { printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openTrustDesk, type TrustDesk } from './desk.ts';
import { askedFor, outcomeOf, printDecision, type ShownDecision } from './print-decision.ts';

interface ListOptions {
  readonly org?: string;
  readonly issuer?: string;
  readonly outcome?: string;
  readonly since?: number;
  readonly limit: number;
  readonly json?: true;
}

export const addDecisionCommands = (trust: Command, around: Surroundings): void => {
  trust
    .command('decision')
    .description('Explain why an exchange was granted or refused.')
    .argument('<id>', 'id of the decision, as the refused caller was told it')
    .option(...ORGANIZATION_FLAG)
    .option(...JSON_FLAG)
    .action((id: string, options: Pick<ListOptions, 'org' | 'json'>) => showDecision(around, id, options));

  trust
    .command('decisions')
    .description('List what was decided about exchanges, newest first.')
    .option(...ORGANIZATION_FLAG)
    .option('--issuer <issuer>', 'only of this trusted issuer: id or name')
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(['granted', 'refused']))
    .option('--since <span>', 'not longer ago, such as 7d, 24h or 90m', timeSpan)
    .option('--limit <number>', 'at most so many', wholeNumber(1, 10_000), 50)
    .option(...JSON_FLAG)
    .action((options: ListOptions) => listDecisions(around, options));
};

const showDecision = async (around: Surroundings, id: string, options: Pick<ListOptions, 'org' | 'json'>) => {
  const { client, org } = await openTrustDesk(around, options.org);
  const { apiPath } = await import('../../client.ts');
  const decision = await client.get<ShownDecision>(apiPath`/api/orgs/${org}/decisions/${id}`);
  if (options.json) printJson(around.stdout, decision);
  else printDecision(around, decision);
};

const listDecisions = async (around: Surroundings, options: ListOptions): Promise<void> => {
  const { issuer, outcome, since, limit, json } = options;
  const desk = await openTrustDesk(around, options.org);
  const query = {
    outcome,
    ...(issuer !== undefined && { issuer: (await desk.findIssuer(issuer)).id }),
    ...(since !== undefined && { since: timeBefore(around, since) }),
  };
  // One more than is shown tells whether there are more.
  const found: ShownDecision[] = [];
  for await (const decision of readDecisions(desk, query)) {
    found.push(decision);
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  if (json) {
    printJson(around.stdout, { decisions: shown });
  } else {
    const row = (decision: ShownDecision) => [
      decision.id,
      decision.time,
      decision.issuer.name,
      askedFor(decision.question),
      outcomeOf(decision),
      subjectOf(decision),
    ];
    printTable(around.stdout, ['decision', 'time', 'issuer', 'asked for', 'outcome', 'sub'], shown.map(row));
  }
  if (found.length > limit) printLine(around.stderr, 'there are more; --limit and --since show others');
};

const subjectOf = ({ claims }: ShownDecision): string | undefined => {
  const sub = claims && Object.hasOwn(claims, 'sub') ? claims['sub'] : undefined;
  return typeof sub === 'string' ? sub : undefined;
};

export const timeBefore = ({ system }: Surroundings, span: number): string =>
  writeTime(Math.max(0, epochSeconds(system.clock) - span));

const PAGE_SIZE = 100;
const MAX_PAGES = 10_000;

/** All decisions that a query finds, newest first, page by page; nothing is held but the page. */
export async function* readDecisions({ client, org }: TrustDesk, query: Query): AsyncGenerator<ShownDecision> {
  const { apiPath } = await import('../../client.ts');
  const path = apiPath`/api/orgs/${org}/decisions`;
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { decisions, next } = await client.get<{ decisions: readonly ShownDecision[]; next?: string }>(path, {
      ...query,
      pageSize: PAGE_SIZE,
      after,
    });
    yield* decisions;
    if (next === undefined || next === '') return;
    if (next === after) break;
    after = next;
  }
  throw failed('The list of decisions has no end.', 'narrow it: --since');
}

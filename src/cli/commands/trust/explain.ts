import type { Command } from 'commander';
import { CommandFailure, unusable } from '../../failure.ts';
import { issuerOption, JSON_FLAG, ORGANIZATION_FLAG } from '../../options.ts';
import { printJson } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addContextFlags, type ContextFlags, nothingSaid, readContext } from '../../token-context.ts';
import { readTrustDocument, whereIs } from './documents.ts';
import { askServer, type ToldExplanation } from './explain-request.ts';
import { withoutVerdict } from './without-verdict.ts';

interface ExplainOptions extends ContextFlags {
  readonly run?: string;
  readonly org?: string;
  readonly token?: string;
  readonly issuer?: 'v1' | 'v2';
  readonly audience?: string;
  readonly json?: true;
}

export const addExplainCommand = (trust: Command, around: Surroundings): void => {
  addContextFlags(
    trust
      .command('explain')
      .description('Say whether a trust document admits a run, an environment or a token, and if not, what to change.')
      .argument('<file>', 'the document as the relying party prints it, whosever it is; "-": standard input')
      .option('--run <id>', 'a run that was started, by its id')
      .option(...ORGANIZATION_FLAG),
  )
    .option('--token <file>', 'a token, of which nothing is verified; needs no server; "-": standard input')
    .addOption(issuerOption('which of our issuers; absent: the one that the document names, else v1'))
    .option('--audience <text>', 'audience of the token; absent: what the relying party gets without being asked')
    .option(...JSON_FLAG)
    .action((file: string, options: ExplainOptions) => explainDocument(around, file, options));
};

/** Status 0: it is admitted; 1: it is not; 2: there is no verdict. */
const explainDocument = async (around: Surroundings, file: string, options: ExplainOptions): Promise<void> => {
  const ask = questionOf(options);
  if (file === '-' && options.token === '-') {
    throw unusable('Standard input is one thing.', 'give the document or the token as a file');
  }
  // Read here, too: whoever has a document that is none is told the place in the file, and needs no server for it.
  const { text: document, placeOf } = await readTrustDocument(around, file);
  const told = await ask(around, document).catch((reason: unknown) => {
    throw withoutVerdict(reason);
  });
  const { allowed, reasons, warnings, assumptions } = told;
  if (options.json) printJson(around.stdout, { allowed, reasons, warnings, assumptions });
  else {
    const { printVerdict } = await import('./print-verdict.ts');
    printVerdict(around, told, (condition) => whereIs(file, condition, placeOf));
  }
  if (allowed) return;
  const [{ code } = { code: 'denied' }] = reasons;
  throw new CommandFailure(1, `${file} does not admit it.`, { code });
};

type Asking = (around: Surroundings, document: string) => Promise<ToldExplanation>;

/** Whose token it is about; exactly one of them. */
const questionOf = (options: ExplainOptions): Asking => {
  const { run, token, issuer, audience, org } = options;
  const context = readContext(options, OR_ELSE);
  if ([run, token, context].filter((one) => one !== undefined).length > 1) {
    throw unusable('A verdict is about one token.', 'give one of --run, --token, --environment, or names of a run');
  }
  if (token !== undefined) {
    if (issuer !== undefined || audience !== undefined) {
      throw unusable('A token says its issuer and audience by itself.', 'leave out --issuer and --audience');
    }
    return async (around, document) => (await import('./explain-token.ts')).explainToken(around, document, token, org);
  }
  if (run === undefined && !context) throw nothingSaid(OR_ELSE);
  const asked = { ...(run === undefined ? context : { run }), issuer, audience };
  return async (around, document) => askServer(around, org, { document, ...asked });
};

const OR_ELSE = ', or --run ID, or --token FILE';

import type { Command } from 'commander';
import type { VerifiedTrust } from '../../../flows/generate-trust.ts';
import { CommandFailure, unusable } from '../../failure.ts';
import { JSON_FLAG } from '../../options.ts';
import { printable, printJson, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readVersion } from '../../version.ts';
import { readTrustDocument, whereIs } from './documents.ts';
import { addScopeFlags, readScope, type ScopeFlags } from './scope-flags.ts';
import { withoutVerdict } from './without-verdict.ts';

interface VerifyOptions extends ScopeFlags {
  readonly json?: true;
  readonly sarif?: true;
}

export const addVerifyCommand = (trust: Command, around: Surroundings): void => {
  addScopeFlags(
    trust
      .command('verify')
      .description('Say whether a trust document admits everybody in a scope and nobody beyond: a check for CI.')
      .argument('<file>', 'the document as the relying party prints it, whosever it is; "-": standard input'),
  )
    .option(...JSON_FLAG)
    .option('--sarif', 'print a SARIF 2.1.0 log instead, for code scanning')
    .action((file: string, options: VerifyOptions) => verifyDocument(around, file, options));
};

/** Status 0: it is right; 1: it is not; 2: there is no verdict. */
const verifyDocument = async (around: Surroundings, file: string, options: VerifyOptions): Promise<void> => {
  const { org: given, issuer, audience } = options;
  if (options.json && options.sarif) throw unusable('One call prints one thing.', 'leave out --json or --sarif');
  const scope = readScope(options);
  const { text: document, placeOf } = await readTrustDocument(around, file);
  const { apiPath, openClient } = await import('../../client.ts');
  const ask = async (): Promise<VerifiedTrust> => {
    const client = await openClient(around);
    const org = await client.organization(given);
    return client.post(apiPath`/api/orgs/${org}/trust/verify`, { document, scope, issuer, audience });
  };
  const verified = await ask().catch((reason: unknown) => {
    throw withoutVerdict(reason);
  });
  const { proved, admitted, refused, findings } = verified;
  if (options.json || options.sarif) {
    const { sarifOf, verifiedJson } = await import('../../../trust/sarif.ts');
    const read = { file, proof: verified, placeOf };
    printJson(around.stdout, options.sarif ? sarifOf(read, readVersion()) : verifiedJson(read));
  } else {
    for (const { level, rule, text, condition } of findings) {
      const where = whereIs(file, condition ?? '', placeOf);
      printLine(around.stdout, printable(`${level} ${rule} ${where}: ${text}`));
    }
    printLine(around.stdout, `it admits ${admitted.length} in scope, and refuses ${refused} beyond it`);
  }
  if (proved) return;
  const [{ rule } = { rule: 'not_proved' }] = findings.filter(({ level }) => level === 'error');
  throw new CommandFailure(1, `${file} is not right for this scope.`, { code: rule });
};

import type { Proof, ProofFinding } from './prove.ts';

/** What was proved, for programs: the file that was read, and what was found in it. */
interface VerifiedFile {
  /** As the caller named it; `-`: standard input. */
  readonly file: string;
  readonly proof: Pick<Proof, 'findings'>;
}

/** SARIF 2.1.0, section 3.27.10. */
const LEVELS: Readonly<Record<ProofFinding['level'], 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  note: 'note',
};

/**
 * The findings as a SARIF 2.1.0 log, as code scanning of GitHub, GitLab and Azure DevOps takes it.
 *
 * Fingerprints are of the rule and its place: they stay when a document is written anew.
 */
export const sarifOf = ({ file, proof }: VerifiedFile): object => {
  const rules = [...new Set(proof.findings.map(({ rule }) => rule))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'runpass trust verify',
            rules: rules.map((id) => ({ id, shortDescription: { text: describe(id) } })),
          },
        },
        results: proof.findings.map(({ rule, level, text, condition }) => ({
          ruleId: rule,
          ruleIndex: rules.indexOf(rule),
          level: LEVELS[level],
          message: { text: condition === undefined ? text : `${text} (${condition})` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file === '-' ? 'stdin' : encodeURI(file.replaceAll('\\', '/')) },
                region: { startLine: 1 },
              },
              ...(condition !== undefined && { logicalLocations: [{ fullyQualifiedName: condition }] }),
            },
          ],
          partialFingerprints: { 'runpass/v1': `${rule}:${condition ?? text}` },
        })),
      },
    ],
  };
};

const describe = (rule: string): string => {
  if (rule === 'not_admitted') return 'Somebody in scope is refused.';
  const [, field] = /^admits_other_(.+)$/.exec(rule) ?? [];
  return field === undefined ? `A warning: ${rule}.` : `Somebody of another ${field.replaceAll('_', ' ')} gets in.`;
};

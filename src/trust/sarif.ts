import type { Proof, ProofFinding } from './prove.ts';
import type { Place } from './written.ts';

/** What was proved, for programs: the file that was read, and what was found in it. */
export interface VerifiedFile {
  /** As the caller named it; `-`: standard input. */
  readonly file: string;
  readonly proof: Proof;
  /** Where a `condition` stands in the file. */
  readonly placeOf: (condition: string) => Place | undefined;
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
export const sarifOf = ({ file, proof, placeOf }: VerifiedFile, version: string): object => {
  const rules = [...new Set(proof.findings.map(({ rule }) => rule))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'runpass trust verify',
            version,
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
                region: regionOf(condition === undefined ? undefined : placeOf(condition)),
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

/** What no condition is to blame for is about the whole document. */
const regionOf = (place: Place | undefined) =>
  place ? { startLine: place.line, startColumn: place.column } : { startLine: 1 };

const describe = (rule: string): string => {
  if (rule === 'not_admitted') return 'Somebody in scope is refused.';
  const [, field] = /^admits_other_(.+)$/.exec(rule) ?? [];
  return field === undefined ? `A warning: ${rule}.` : `Somebody of another ${field.replaceAll('_', ' ')} gets in.`;
};

/** The same as one JSON object. */
export const verifiedJson = ({
  file,
  proof: { proved, admitted, refused, findings },
  placeOf,
}: VerifiedFile): object => ({
  file,
  proved,
  admitted,
  refused,
  findings: findings.map((finding) => ({
    ...finding,
    ...(finding.condition !== undefined && placeOf(finding.condition)),
  })),
});

import { completeOrganization } from '../../../access/complete.ts';
import { ORGANIZATION_SCHEMA, type OrganizationFile } from '../../../access/file.ts';
import { type Problem, readDocument } from '../../../documents.ts';
import { type DeclaredIssuer, ISSUER_DEFAULTS, type ReplayRule } from '../../../issuers/trusted-issuer.ts';
import { findPolicyProblems } from '../../../policy/check.ts';
import { lint } from '../../../policy/lint.ts';
import type { LintFinding } from '../../../policy/policy.ts';
import { type PlacedFinding, placed } from './findings.ts';
import { FRESH, placeOf, readCandidate } from './policy-file.ts';

type Look = { readonly findings: readonly PlacedFinding[] } | { readonly problems: readonly Problem[] };

/** What is not said in a candidate itself. */
interface About {
  readonly issuer?: string;
  readonly replay?: ReplayRule;
}

/** What the linter says of one file, whichever of the two kinds it is: a candidate has `policies` at its top. */
export const lintText = (text: string, file: string, about: About): Look => {
  const loose = readDocument<Readonly<Record<string, unknown>>>(text, file, { type: 'object' });
  if ('problems' in loose) return { problems: loose.problems };
  return Object.hasOwn(loose.value, 'policies') ? lintCandidate(text, file, about) : lintOrganization(text, file);
};

const lintCandidate = (text: string, file: string, { issuer: given, replay }: About): Look => {
  const candidate = readCandidate(text, file, FRESH);
  if ('problems' in candidate) return candidate;
  const { written, document, place } = candidate;
  const issuer = written.issuer ?? given;
  if (issuer === undefined) {
    // Without it nothing could be said of issuers that many share, and silence would look like praise.
    const problem = 'does not say whose tokens it is about';
    const suggestion = 'add "issuer:" with what iss is at its top, or --issuer';
    return { problems: [place({ at: ['issuer'], problem, suggestion })] };
  }
  const findings = lint(document, { issuer, replay: replay ?? ISSUER_DEFAULTS.replay });
  return {
    findings: findings
      .filter((finding) => !isSaid(finding, replay))
      .map((finding) => placed(finding, place(placeOf(finding, document)))),
  };
};

/** Only policies are looked at: everything else in such a file is for `runpass config check`. */
const lintOrganization = (text: string, file: string): Look => {
  const reading = readDocument<OrganizationFile>(text, file, ORGANIZATION_SCHEMA);
  if ('problems' in reading) return { problems: reading.problems };
  const { value, place } = reading;
  const written = value.trustedIssuers ?? [];
  const wrong = written.flatMap(({ policy }, index) =>
    findPolicyProblems(policy?.policies ?? [], policy?.dialect ?? FRESH.dialect).map((found) =>
      place({ ...found, at: ['trustedIssuers', index, 'policy', 'policies', ...found.at] }),
    ),
  );
  if (wrong.length > 0) return { problems: wrong };

  const { trustedIssuers, roles } = completeOrganization(value);
  const names = new Set(roles.map(({ name }) => name));
  const look = (issuer: DeclaredIssuer, index: number): readonly PlacedFinding[] => {
    const at = ['trustedIssuers', index];
    return lint(issuer.policy, issuer, names)
      .filter((finding) => !isSaid(finding, written[index]?.replay))
      .map((finding) => placed(finding, place(placeOf(finding, issuer.policy, [...at, 'policy'], [...at, 'replay']))));
  };
  return { findings: trustedIssuers.flatMap(look) };
};

/** Whoever writes the replay rule out means it; there is no definition beside which a reason could stand. */
const isSaid = ({ code }: LintFinding, replay: ReplayRule | undefined): boolean =>
  code === 'replay_allowed' && replay !== undefined;

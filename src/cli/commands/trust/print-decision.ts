import { DECISION_CODES, type Decision } from '../../../exchange/decision.ts';
import type { DefinitionTrace, PolicyQuestion } from '../../../policy/policy.ts';
import { writeTime } from '../../../system.ts';
import { escapeControls, printFields, printLine, printTable } from '../../output.ts';
import { shellWord } from '../../shell-word.ts';
import type { Surroundings, TextSink } from '../../surroundings.ts';

/** A decision as the API shows it. */
export interface ShownDecision extends Omit<Decision, 'time' | 'grant'> {
  readonly time: string;
  readonly grant?: Omit<NonNullable<Decision['grant']>, 'expires'> & { readonly expires: string | number };
}

/** All that explains a decision, for an administrator. */
export const printDecision = ({ stdout }: Surroundings, decision: ShownDecision): void => {
  const { issuer, policy, question, grant, claims, omitted } = decision;
  printFields(stdout, {
    decision: decision.id,
    time: decision.time,
    outcome: outcomeOf(decision),
    why: sentenceOf(decision.code),
    detail: decision.detail,
    issuer: `${issuer.name} (${issuer.id}), ${issuer.url}`,
    'asked for': askedFor(question),
    gave: grant && rightsOf(grant),
    until: grant && (typeof grant.expires === 'number' ? writeTime(grant.expires) : grant.expires),
    policy: policy && `${policy.id}, version ${policy.version}, mode ${policy.mode}`,
    'subject token': `SHA-256 ${decision.subjectTokenHash}`,
  });
  if (policy) printTraces(stdout, policy.definitions);
  if (claims) {
    printLine(stdout);
    printLine(stdout, 'claims');
    printFields(stdout, Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, jsonOf(value)])), '  ');
  }
  if (omitted && omitted.length > 0) {
    printLine(stdout);
    printFields(stdout, { 'claims that are not kept': omitted.join(', ') });
  }
  if (decision.pin) printPin(stdout, issuer.id, decision.pin);
};

/** `granted`, or `refused` with its code. */
export const outcomeOf = ({ outcome, code }: Pick<ShownDecision, 'outcome' | 'code'>): string =>
  code === undefined ? outcome : `${outcome} (${code})`;

/** A server that is newer than this program may know more codes. */
const sentenceOf = (code: string | undefined): string | undefined =>
  code !== undefined && Object.hasOwn(DECISION_CODES, code)
    ? DECISION_CODES[code as keyof typeof DECISION_CODES]
    : undefined;

export const askedFor = ({ tokenType, name, admin }: PolicyQuestion): string =>
  `${tokenType} token${name === undefined ? '' : ` of ${name}`}${admin ? ', as administrator' : ''}`;

/** What an organization token may do. */
export const rightsOf = (grant: { readonly administrator: boolean; readonly roles: readonly string[] }): string => {
  if (grant.administrator) return 'administrator';
  return grant.roles.length === 0 ? 'no role' : `role ${grant.roles.join(', ')}`;
};

/** How each definition was weighed: of those that did not match, the first rule that failed. */
export const printTraces = (stdout: TextSink, definitions: readonly DefinitionTrace[]): void => {
  if (definitions.length === 0) return;
  printLine(stdout);
  const row = ({ index, decision, result, failure }: DefinitionTrace) => [
    `policies[${index}]`,
    decision,
    result,
    failure?.claim,
    failure?.expected,
    failure && (failure.presented ?? '(no such claim)'),
  ];
  printTable(stdout, ['definition', 'decision', 'result', 'claim', 'expected', 'presented'], definitions.map(row));
};

const printPin = (stdout: TextSink, issuer: string, pin: NonNullable<Decision['pin']>): void => {
  printLine(stdout);
  printFields(stdout, { pin: `${pin.id}: ${pin.claim} "${pin.name}", and now ${pin.presented}` });
  printLine(stdout, 'If the new id is the right one:');
  printLine(stdout, `  runpass trust pin set ${[issuer, pin.id, pin.presented].map(shellWord).join(' ')}`);
};

const jsonOf = (value: unknown): string =>
  typeof value === 'string' && value !== '' ? value : escapeControls(JSON.stringify(value));

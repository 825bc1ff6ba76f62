import { inCommon } from '../subjects.ts';
import type { Presented } from '../verdict.ts';
import { pathText } from '../written.ts';
import { conditionFinding } from './condition-findings.ts';
import { holds } from './conditions.ts';
import { type Context, contextOf } from './context.ts';
import type { AwsTrust } from './document.ts';
import { type Finding, json, write } from './finding.ts';
import { placeOfRole, principalFinding, principalFor, providerArn, type RolePlace } from './principals.ts';
import type { Statement } from './statements.ts';
import { sessionFindings, tokenFindings } from './token-findings.ts';
import { matches, readPattern } from './wildcard.ts';

/** Every reason for which AWS refuses, in the order in which it checks; none: it admits. */
export interface Evaluation {
  readonly findings: readonly Finding[];
  /** Sentences on conditions that turn on what only AWS knows at the time of the call, and were taken to admit. */
  readonly assumptions: readonly string[];
}

export const ASSUME = 'sts:AssumeRoleWithWebIdentity';
const TAG_SESSION = 'sts:TagSession';
const SET_SOURCE_IDENTITY = 'sts:SetSourceIdentity';

/**
 * What AWS STS answers to `AssumeRoleWithWebIdentity` with this token.
 *
 * The call needs every action that it implies: tags in the token want `sts:TagSession`, a source identity
 * `sts:SetSourceIdentity`, and without one of them all of it fails. For each, some allow must hold and no deny may.
 */
export const evaluateAws = (trust: AwsTrust, presented: Presented): Evaluation => {
  const call = callOf(trust, presented);
  const actions = [
    ASSUME,
    ...(Object.keys(call.context.tags).length > 0 ? [TAG_SESSION] : []),
    ...(call.context.sourceIdentity === undefined ? [] : [SET_SOURCE_IDENTITY]),
  ];
  const findings = [
    ...tokenFindings(trust, presented),
    ...actions.flatMap((action) => denies(call, action)),
    ...actions.flatMap((action) => missingAllow(call, action)),
    ...sessionFindings(trust, presented),
  ];
  return { findings: unique(findings), assumptions: [...call.assumed] };
};

/** One call with everything that the statements are held against. */
interface Call {
  readonly trust: AwsTrust;
  readonly presented: Presented;
  readonly place: RolePlace | undefined;
  readonly context: Context;
  /** Filled as conditions are met of which only AWS knows. */
  readonly assumed: Set<string>;
}

const callOf = (trust: AwsTrust, presented: Presented): Call => ({
  trust,
  presented,
  place: placeOfRole(trust.roleArn ?? presented.request?.roleArn),
  context: contextOf(presented),
  assumed: new Set(),
});

const unique = (findings: readonly Finding[]): readonly Finding[] => {
  const seen = new Set<string>();
  return findings.filter(({ code, condition }) => {
    const isNew = !seen.has(`${code} ${condition}`);
    seen.add(`${code} ${condition}`);
    return isNew;
  });
};

/** Does a statement speak of an action? Case does not count. */
export const covers = ({ actions: { patterns, negated } }: Statement, action: string): boolean => {
  const named = patterns.some((written) => {
    const pattern = readPattern(written.toLowerCase(), { wildcards: true, variables: undefined });
    return typeof pattern !== 'string' && matches(pattern, action.toLowerCase());
  });
  return named !== negated;
};

/** The context as a statement sees it: with the provider that the statement names. */
const seenBy = ({ presented, place, context }: Call, statement: Statement): Context => {
  const arn = principalFor(statement, presented.issuer, place);
  if (arn === undefined) return context;
  return contextOf(presented, arn === '*' ? providerArn(presented.issuer, place) : arn);
};

const unmetConditions = (call: Call, statement: Statement, context: Context): Statement['conditions'] =>
  statement.conditions.filter((condition) => {
    const outcome = holds(condition, context, call.trust.variables);
    // What only AWS knows is taken to admit: it meets an allow, and never a deny.
    const isDeny = statement.effect === 'Deny';
    if (outcome === 'unknown') {
      const meets = isDeny ? 'does not meet' : 'meets';
      call.assumed.add(`What AWS finds under ${condition.key} ${meets} ${pathText(condition.at)}.`);
    }
    return outcome === 'unmet' || (outcome === 'unknown' && isDeny);
  });

const denies = (call: Call, action: string): readonly Finding[] =>
  call.trust.statements
    .filter(({ effect }) => effect === 'Deny')
    .filter((statement) => covers(statement, action))
    .filter((statement) => principalFor(statement, call.presented.issuer, call.place) !== undefined)
    .filter((statement) => unmetConditions(call, statement, seenBy(call, statement)).length === 0)
    .map((statement) => denied(statement, seenBy(call, statement)));

/** What is denied, and how the deny would let it through: by one more value where it keeps out what it does not name. */
const denied = (statement: Statement, context: Context): Finding => {
  const [first] = statement.conditions;
  const exception = statement.conditions.find(({ operator }) => operator.negated);
  const condition = exception ?? first;
  const presented = condition ? [context.valuesOf(condition.key)].flat() : [];
  const values = exception && presented.length > 0 ? [...exception.values, ...presented] : undefined;
  return {
    code: 'aws_explicit_deny',
    condition: pathText(condition?.at ?? statement.at),
    wanted: condition ? `not (${condition.written} ${condition.values.join(' | ')})` : 'nobody',
    presented: presented.join(', '),
    ...(exception && values
      ? write(exception.at, values)
      : {
          edit: `A deny wins over every allow: take ${pathText(statement.at)} out, or narrow it.`,
          changes: [{ at: ['policy', ...statement.at] }],
        }),
  };
};

/** Nothing where some allow holds for the action; else what the nearest one lacks. */
const missingAllow = (call: Call, action: string): readonly Finding[] => {
  const allows = call.trust.statements.filter(({ effect }) => effect === 'Allow');
  const candidates = allows.flatMap((statement) => {
    const findings = lacking(call, statement, action);
    return findings ? [{ statement, findings }] : [];
  });
  if (candidates.length === 0) return [noStatement(call)];
  const [nearest] = candidates.toSorted(
    (left, right) =>
      left.findings.length - right.findings.length ||
      Number(covers(right.statement, action)) - Number(covers(left.statement, action)) ||
      likeness(call, right.statement) - likeness(call, left.statement),
  );
  return nearest?.findings ?? [];
};

/** What keeps a statement from allowing an action; `undefined` where it was never meant for our token. */
const lacking = (call: Call, statement: Statement, action: string): readonly Finding[] | undefined => {
  const { presented, place, trust } = call;
  const principal = principalFinding(statement, presented, place);
  if (!principal && principalFor(statement, presented.issuer, place) === undefined) return undefined;
  const context = seenBy(call, statement);
  return [
    ...(principal ? [principal] : []),
    ...(covers(statement, action) ? [] : [actionMissing(statement, action)]),
    ...unmetConditions(call, statement, context).map((condition) =>
      conditionFinding(condition, statement, context, trust.variables),
    ),
  ];
};

const MISSING = {
  [ASSUME]: 'aws_action_missing',
  [TAG_SESSION]: 'aws_tag_session_missing',
  [SET_SOURCE_IDENTITY]: 'aws_source_identity_missing',
} as const;

const actionMissing = (statement: Statement, action: string): Finding => {
  const { patterns, negated, at } = statement.actions;
  // Actions that a web identity never needs make room for the one that it does.
  const kept = patterns.filter((pattern) => !/^sts:assumerole(?:withsaml)?$/i.test(pattern));
  const actions = [...(negated ? [ASSUME] : kept), action];
  const value = [...new Set(actions)];
  const { edit, changes } = write([...statement.at, 'Action'], value.length === 1 ? value[0] : value);
  return {
    code: MISSING[action as keyof typeof MISSING],
    condition: pathText(at),
    wanted: `${negated ? 'anything but ' : ''}${patterns.join(' | ')}`,
    presented: action,
    edit: `${WHY[action] ?? ''}${edit}`,
    changes: negated ? [{ at: ['policy', ...at] }, ...changes] : changes,
  };
};

const WHY: Readonly<Record<string, string>> = {
  [TAG_SESSION]: 'The token carries session tags, and without this action the whole call fails. ',
  [SET_SOURCE_IDENTITY]: 'The token carries a source identity, and without this action the whole call fails. ',
};

/** How near a statement's values are to what was presented, for the choice among equals. */
const likeness = ({ context }: Call, statement: Statement): number => {
  const [sub = ''] = [context.valuesOf(`${context.prefix}:sub`)].flat();
  return Math.max(0, ...statement.conditions.flatMap(({ values }) => values.map((value) => inCommon(value, sub))));
};

/** No allow was meant for our issuer: then a whole statement is missing. */
const noStatement = ({ trust, presented, place, context }: Call): Finding => {
  const [first] = trust.statements;
  const statement = {
    Effect: 'Allow',
    Principal: { Federated: providerArn(presented.issuer, place) },
    Action: ASSUME,
    Condition: {
      StringEquals: Object.fromEntries(
        ['aud', 'sub'].map((claim) => [
          `${context.prefix}:${claim}`,
          [context.valuesOf(`${context.prefix}:${claim}`)].flat()[0],
        ]),
      ),
    },
  };
  const statements = [trust.source.policy].flatMap((policy) => (policy as { Statement: unknown }).Statement);
  const alone = trust.statements.length === 1 ? first : undefined;
  return {
    code: 'aws_principal_mismatch',
    condition: alone ? pathText([...alone.at, 'Principal']) : 'Statement',
    wanted: trust.statements.flatMap((each) => each.federated).join(' | ') || 'no identity provider',
    presented: providerArn(presented.issuer, place),
    edit: `No statement is for this issuer. Add one: ${json(statement)}.`,
    changes: [{ at: ['policy', 'Statement'], value: [...statements, statement] }],
  };
};

import { buildSubject } from '../../tokens/subject.ts';
import { uses } from '../cel-checks.ts';
import { type Place, remarksOnClaims, remarksOnExpression } from '../expression-remarks.ts';
import { once, remarksOnIssuer, remarksOnOrganizations, remarksOnSubject } from '../remarks.ts';
import { readOwnSubject } from '../subjects.ts';
import type { OurSide, Presented, Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import { mayImpersonate, readMember, whyNever } from './bindings.ts';
import type { GoogleTrust } from './document.ts';
import { MAPPING_LIMITS } from './mapping.ts';

/** What leaks, or never works, in a provider and the bindings beside it, whatever it says to what is presented. */
export const lintGoogle = (
  trust: GoogleTrust,
  presented: Presented,
  ours: OurSide,
  admits: (presented: Presented) => boolean,
): readonly Warning[] =>
  once([
    ...remarksOnIssuer('google', pathText([...trust.at.provider, 'oidc', 'issuerUri']), trust.issuer),
    ...ofExpressions(trust, presented, ours),
    ...ofBindings(trust, ours),
    ...ofCondition(trust, presented, admits),
    ...ofConstants(trust),
    ...ofLengths(trust, presented, ours),
    ...ofLifetime(presented),
  ]);

const ofExpressions = (trust: GoogleTrust, presented: Presented, ours: OurSide): readonly Warning[] => {
  const common: Omit<Place, 'condition'> = { party: 'google', variable: 'assertion', alias: aliasesOf(trust) };
  const { at, mappings, condition } = trust;
  return [
    ...mappings.flatMap(({ target, compiled }) =>
      'problem' in compiled
        ? []
        : remarksOnClaims(
            compiled,
            { ...common, condition: pathText([...at.provider, 'attributeMapping', target]) },
            presented,
            ours,
          ),
    ),
    ...(!condition || 'problem' in condition.compiled
      ? []
      : remarksOnExpression(
          condition.compiled,
          { ...common, condition: pathText([...at.provider, 'attributeCondition']) },
          presented,
          ours,
        )),
  ];
};

/** Attributes that are a claim by another name, as conditions may ask for either. */
const aliasesOf = ({ mappings }: GoogleTrust): Readonly<Record<string, string>> =>
  Object.fromEntries(
    mappings.flatMap(({ target, text }) => {
      const [, claim] = /^assertion\.([A-Za-z_]\w*)$/.exec(text) ?? [];
      return claim === undefined ? [] : [[target, claim]];
    }),
  );

const ofBindings = (trust: GoogleTrust, ours: OurSide): readonly Warning[] =>
  (trust.bindings ?? []).flatMap(({ role, members }, index) =>
    members.flatMap((member, inside): readonly Warning[] => {
      const condition = pathText([...(trust.at.policy ?? []), 'bindings', index, 'members', inside]);
      const never = whyNever(member);
      if (never) {
        return [{ code: 'google_binding_never', condition, text: `IAM never matches ${member}: it ${never.why}.` }];
      }
      const read = readMember(member);
      if (!read || !mayImpersonate(role)) return [];
      if (read.kind === 'subject' && aliasesOf(trust)['google.subject'] === 'sub') {
        const compared = { how: 'equals', text: read.value, issuer: trust.issuer } as const;
        return remarksOnSubject('google', condition, compared, ours);
      }
      if (read.kind !== '*' || trust.condition) return [];
      const text =
        'Everybody in the pool may act as this service account, and no attributeCondition says who gets into the pool: any run of any organization. Bind the subject: principal://…/subject/<sub>.';
      return [{ code: 'google_binding_everybody', condition, text }];
    }),
  );

const ofCondition = (
  trust: GoogleTrust,
  presented: Presented,
  admits: (presented: Presented) => boolean,
): readonly Warning[] => {
  const condition = pathText([...trust.at.provider, 'attributeCondition']);
  if (trust.condition) return remarksOnOrganizations('google', condition, presented, admits);
  if (trust.bindings) {
    const everybody = trust.bindings.some(({ members }) => members.some((member) => readMember(member)?.kind === '*'));
    return everybody ? [] : remarksOnOrganizations('google', condition, presented, admits);
  }
  const [organization] = /^[^:]+:(?:[a-z]+:)?org:[^:]+:/.exec(String(presented.claims['sub'])) ?? [];
  const text = `Without an attributeCondition every token of the issuer gets into the pool, whatever organization it is of. Write assertion.sub.startsWith("${organization ?? '<beginning of the subject>'}").`;
  return [{ code: 'google_no_condition', condition, text }];
};

/** Somebody put the expression in quotes, and everybody became the same principal. */
const ofConstants = ({ at, mappings }: GoogleTrust): readonly Warning[] =>
  mappings.flatMap(({ target, text, compiled }) => {
    if (target !== 'google.subject' || 'problem' in compiled || uses(compiled, 'assertion')) return [];
    const condition = pathText([...at.provider, 'attributeMapping', target]);
    return [
      {
        code: 'google_subject_constant',
        condition,
        text: `${text} is the same for every token, so all of them are one principal. Write assertion.sub.`,
      },
    ];
  });

/** Stacks whose subjects would be longer than `google.subject` may be, although this one's is not. */
const ofLengths = ({ at, mappings }: GoogleTrust, { claims }: Presented, { known }: OurSide): readonly Warning[] => {
  const sub = String(claims['sub']);
  const subject = readOwnSubject(sub);
  const mapping = mappings.find(({ target }) => target === 'google.subject');
  if (subject?.form !== 'run' || subject.stack === undefined || !mapping || 'problem' in mapping.compiled) return [];
  const { compiled } = mapping;
  const lengthOf = (stack: string): number => {
    const [project = '', name = ''] = stack.split('/');
    const other = buildSubject(sub.slice(0, sub.indexOf(':')), { ...subject, project, stack: name });
    const evaluation = compiled.evaluate({ assertion: { ...claims, sub: other } });
    return 'value' in evaluation ? Buffer.byteLength(String(evaluation.value)) : 0;
  };
  const long = (known.stacks ?? []).filter((stack) => lengthOf(stack) > MAPPING_LIMITS.subjectBytes);
  if (long.length === 0) return [];
  const names = long.slice(0, 3).join(', ');
  const text = `The subject of ${names} is longer than the ${MAPPING_LIMITS.subjectBytes} bytes that google.subject takes. Map less of it, as assertion.sub.extract("org:{subject}:scope:write").`;
  const condition = pathText([...at.provider, 'attributeMapping', 'google.subject']);
  return [{ code: 'google_subject_gets_too_long', condition, text }];
};

const DAY = 24 * 3600;

const ofLifetime = ({ claims: { iat, exp } }: Presented): readonly Warning[] => {
  const life = Number(exp) - Number(iat);
  if (!(life > DAY && life < 2 * DAY)) return [];
  const text = `The token lives ${life} seconds; Google's guide allows 24 hours, its reference 48. Ask for 3600.`;
  return [{ code: 'google_lifetime_long', condition: 'exp', text }];
};

import { type Place, remarksOnClaims, remarksOnExpression } from '../expression-remarks.ts';
import { mutations } from '../mutations.ts';
import { once, remarksOnClaim, remarksOnIssuer, remarksOnOrganizations, remarksOnSubject } from '../remarks.ts';
import { whichIssuer } from '../subject-patterns.ts';
import type { OurSide, Presented, Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import type { Authenticator, KubernetesTrust } from './document.ts';
import { userOf } from './evaluate.ts';

/** What leaks, or never works, in the authenticator for the presented issuer, whatever it says to what is presented. */
export const lintKubernetes = (
  { authenticators }: KubernetesTrust,
  presented: Presented,
  ours: OurSide,
  admits: (presented: Presented) => boolean,
): readonly Warning[] => {
  const own = authenticators.find(({ url }) => url === presented.issuer);
  if (!own) return [];
  return once([
    ...remarksOnIssuer('kubernetes', pathText([...own.at, 'issuer', 'url']), own.url),
    ...ofRules(own, presented, ours),
    ...ofMappings(own, presented, ours),
    ...ofUser(own, presented, ours, admits),
    ...remarksOnOrganizations('kubernetes', pathText([...own.at, 'claimValidationRules']), presented, admits),
  ]);
};

const ofRules = ({ rules }: Authenticator, presented: Presented, ours: OurSide): readonly Warning[] =>
  rules.flatMap(({ at, claim, requiredValue, expression }): readonly Warning[] => {
    if (claim !== '') {
      const condition = pathText([...at, 'claim']);
      const unknown = remarksOnClaim('kubernetes', condition, claim, presented, ours);
      if (unknown.length > 0 || claim !== 'sub') return unknown;
      const compared = { how: 'equals', text: requiredValue, issuer: presented.issuer } as const;
      return remarksOnSubject('kubernetes', pathText([...at, 'requiredValue']), compared, ours);
    }
    if (!expression || 'problem' in expression.compiled) return [];
    return remarksOnExpression(expression.compiled, placeOf(at), presented, ours);
  });

const placeOf = (at: Authenticator['at']): Place => ({
  party: 'kubernetes',
  condition: pathText([...at, 'expression']),
  variable: 'claims',
});

const ofMappings = (
  { username, groups, uid, extra }: Authenticator,
  presented: Presented,
  ours: OurSide,
): readonly Warning[] => [
  ...[username, groups, uid].flatMap(({ at, claim, expression }): readonly Warning[] => {
    if (claim !== '') return remarksOnClaim('kubernetes', pathText([...at, 'claim']), claim, presented, ours);
    return !expression || 'problem' in expression.compiled
      ? []
      : remarksOnClaims(expression.compiled, placeOf(at), presented, ours);
  }),
  ...extra.flatMap(({ at, expression }) =>
    !expression || 'problem' in expression.compiled
      ? []
      : remarksOnClaims(expression.compiled, placeOf(at), presented, ours),
  ),
  ...(groups.claim !== '' && groups.prefix === ''
    ? [
        {
          code: 'kubernetes_groups_unprefixed',
          condition: pathText([...groups.at, 'prefix']),
          text: 'Groups come from the token as they are, so system:masters could be one of them. Write prefix: "runpass:".',
        },
      ]
    : []),
];

const ofUser = (
  one: Authenticator,
  presented: Presented,
  ours: OurSide,
  admits: (presented: Presented) => boolean,
): readonly Warning[] => {
  if (!admits(presented)) return [];
  const { username } = userOf(one, presented).user;
  const condition = pathText(one.username.at);
  if (username.startsWith('system:')) {
    const text = `The bearer would be ${username}: names that begin with "system:" are of Kubernetes itself. Write a prefix.`;
    return [{ code: 'kubernetes_username_system', condition, text }];
  }
  if (!whichIssuer(presented.issuer, ours)) return [];
  const same = mutations(presented).find(
    ({ field, presented: other }) =>
      ['organization', 'project', 'stack', 'environment'].includes(field) &&
      admits(other) &&
      userOf(one, other).user.username === username,
  );
  if (!same) return [];
  const text = `Tokens of another ${same.field} become the same user, ${username}. Write claim: sub, or expression: claims.sub.`;
  return [{ code: 'kubernetes_username_shared', condition, text }];
};

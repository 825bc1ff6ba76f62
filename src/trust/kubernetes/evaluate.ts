import { isJsonObject } from '../../strict-json.ts';
import type { Part } from '../cel.ts';
import { firstFailed } from '../cel-checks.ts';
import { denialAt, shown } from '../denials.ts';
import { type Registered, registeredClaim, unreadable } from '../registered.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import type { Authenticator, KubernetesTrust, Mapping, Rule } from './document.ts';
import { FUNCTIONS, MAPPING } from './expressions.ts';
import { configurationForm } from './form.ts';
import type { KubernetesDenial } from './reasons.ts';

type Denials = readonly KubernetesDenial[];

/** Why the API server refuses, in the order in which it looks. `algorithms`: from a flag; else all that go-oidc knows. */
export const kubernetesDenials = (
  trust: KubernetesTrust,
  presented: Presented,
  algorithms: readonly string[],
): Denials => {
  const form = configurationForm(trust, presented);
  const issuer = registeredClaim(REGISTERED, presented.claims, 'iss');
  const own = trust.authenticators.find(({ url }) => url === issuer);
  if (!own) {
    const isNamed = form.some(({ code }) => code === 'kubernetes_issuer_form');
    return isNamed ? form : [...form, ...otherIssuer(trust, typeof issuer === 'string' ? issuer : '')];
  }
  const { user, denials } = userOf(own, presented);
  return [
    ...form,
    ...token(own, presented, algorithms),
    ...denials,
    ...own.rules.flatMap((rule) => ruleDenials(rule, presented)),
    ...(denials.length > 0 ? [] : own.userRules.flatMap((rule) => userRuleDenials(rule, user))),
  ];
};

export const ALL_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

const otherIssuer = ({ authenticators }: KubernetesTrust, issuer: string): Denials => {
  const bare = (url: string): string => url.replace(/\/+$/, '');
  const alike = authenticators.find(({ url }) => bare(url) === bare(issuer));
  const nearest = alike ?? authenticators.at(0);
  if (!nearest) return [];
  const code = alike ? 'kubernetes_issuer_slash' : 'kubernetes_issuer_mismatch';
  const write = { edit: `Write url: ${issuer}.`, value: issuer };
  const wanted = authenticators.map(({ url }) => url).join(' | ');
  return [denialAt(code, [...nearest.at, 'issuer', 'url'], wanted, issuer, write)];
};

/** What go-oidc reads of a token. */
const REGISTERED: Registered<'iss' | 'sub' | 'aud' | 'exp' | 'iat' | 'nbf' | 'nonce' | 'at_hash'> = {
  kinds: {
    iss: 'a text',
    sub: 'a text',
    aud: 'a text, a list of texts or nothing',
    exp: 'a number',
    iat: 'a number',
    nbf: 'a number or nothing',
    nonce: 'a text',
    at_hash: 'a text',
  },
  order: 'written',
};

/** Without exp, a token ended long ago; claims that stand elsewhere must stand somewhere. */
const registeredForm = (claims: Presented['claims']): KubernetesDenial[] => {
  const { _claim_names: names = null, _claim_sources: sources = null } = claims;
  const places = isJsonObject(names) ? Object.values(names) : [];
  const isKnown = places.every((each) => typeof each === 'string' && isJsonObject(sources) && each in sources);
  const wrong = [
    ...unreadable(REGISTERED, claims),
    ...(registeredClaim(REGISTERED, claims, 'exp') === undefined ? [['exp', 'a number'] as const] : []),
    ...(isKnown && (names === null || isJsonObject(names)) ? [] : [['_claim_names', 'nothing'] as const]),
  ];
  return wrong.map(([name, wanted]) => ({
    code: 'kubernetes_registered_form',
    condition: name,
    wanted,
    presented: shown(claims[name]),
    edit: `Mint the token with ${wanted} as ${name}.`,
  }));
};

const token = ({ at, audiences }: Authenticator, presented: Presented, algorithms: readonly string[]): Denials => {
  const { alg } = presented.header;
  const { claims } = presented;
  const given = [registeredClaim(REGISTERED, claims, 'aud') ?? []].flat().filter((each) => typeof each === 'string');
  const found: KubernetesDenial[] = registeredForm(claims);
  if (!algorithms.includes(alg)) {
    const edit = `Write --oidc-signing-algs=${[...algorithms, alg].join(',')}.`;
    found.push({
      code: 'kubernetes_algorithm',
      condition: '--oidc-signing-algs',
      wanted: algorithms.join(', '),
      presented: alg,
      edit,
    });
  }
  if (audiences.length > 0 && !audiences.some((each) => given.includes(each))) {
    const place: Path = [...at, 'issuer', 'audiences'];
    const value = audiences.length === 1 ? given : [...audiences, ...given];
    const write = { edit: `Write audiences: ${JSON.stringify(value)}.`, value };
    found.push(denialAt('kubernetes_audience_mismatch', place, audiences.join(', '), given.join(', '), write));
  }
  return found;
};

/** Who the bearer is to the cluster. */
export interface User {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid: string;
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const userOf = (
  one: Authenticator,
  presented: Presented,
): { readonly user: User; readonly denials: Denials } => {
  const denials: KubernetesDenial[] = [];
  const note = <T>(read: { readonly value: T } | { readonly denial: KubernetesDenial }, otherwise: T): T => {
    if ('value' in read) return read.value;
    denials.push(read.denial);
    return otherwise;
  };
  const { claims } = presented;
  const user = {
    username: note(username(one.username, claims), ''),
    groups: note(texts(one.groups, claims), []),
    uid: note(uid(one.uid, claims), ''),
    extra: Object.fromEntries(
      [
        ...credential(claims),
        ...one.extra.map(
          ({ at, key, expression }) =>
            [key, note(texts({ at, claim: '', ...(expression && { expression }) }, claims), [])] as const,
        ),
      ].filter(([, values]) => values.length > 0),
    ),
  };
  return { user, denials };
};

type Claims = Presented['claims'];

/** A token that has an id is named by it. */
const credential = ({ jti }: Claims): readonly (readonly [key: string, values: readonly string[]])[] =>
  typeof jti === 'string' && jti !== '' ? [['authentication.kubernetes.io/credential-id', [`JTI=${jti}`]]] : [];

type Reading<T> = { readonly value: T } | { readonly denial: KubernetesDenial };

const username = (mapping: Mapping, claims: Claims): Reading<string> => {
  const { at, claim, prefix = '', expression } = mapping;
  const bySub = {
    edit: `Write ${claim === '' ? 'expression: claims.sub' : 'claim: sub'}.`,
    value: claim === '' ? 'claims.sub' : 'sub',
  };
  const place: Path = [...at, claim === '' ? 'expression' : 'claim'];
  if (expression ? 'problem' in expression.compiled : claim === '') return { value: '' };
  const evaluation =
    expression && !('problem' in expression.compiled)
      ? expression.compiled.evaluate({ claims })
      : { value: claims[claim] };
  if ('failure' in evaluation) {
    return {
      denial: denialAt('kubernetes_mapping_failed', place, expression?.text ?? claim, evaluation.failure, bySub),
    };
  }
  // A claim without a value is the empty text.
  const value = evaluation.value === null && claim !== '' ? '' : evaluation.value;
  if (value === undefined) return { denial: denialAt('kubernetes_username_missing', place, claim, '', bySub) };
  if (typeof value !== 'string')
    return { denial: denialAt('kubernetes_username_type', place, 'a text', shown(value), bySub) };
  if (value === '' && expression)
    return { denial: denialAt('kubernetes_username_empty', place, 'a text that is not empty', '', bySub) };
  return claim === 'email' ? verified(prefix + value, claims, place) : { value: prefix + value };
};

/** Who is named by an email must have it verified, as far as the token says anything of that. */
const verified = (name: string, claims: Claims, place: Path): Reading<string> => {
  const { email_verified: found } = claims;
  if (found === undefined || found === true) return { value: name };
  const write = { edit: 'Write claim: sub.', value: 'sub' };
  return { denial: denialAt('kubernetes_email_refused', place, 'email_verified: true', shown(found), write) };
};

const uid = ({ at, claim, expression }: Mapping, claims: Claims): Reading<string> => {
  const place: Path = [...at, claim === '' ? 'expression' : 'claim'];
  if (claim === '' && (!expression || 'problem' in expression.compiled)) return { value: '' };
  const evaluation =
    expression && !('problem' in expression.compiled)
      ? expression.compiled.evaluate({ claims })
      : { value: claims[claim] };
  if ('value' in evaluation && typeof evaluation.value === 'string') return { value: evaluation.value };
  if ('value' in evaluation && evaluation.value === null && claim !== '') return { value: '' };
  const found = 'value' in evaluation ? shown(evaluation.value) : evaluation.failure;
  const code = 'failure' in evaluation ? 'kubernetes_mapping_failed' : 'kubernetes_mapped_type';
  const wanted = expression?.text ?? claim;
  return { denial: { ...denialAt(code, place, wanted, found, { edit: 'Leave uid out.' }), changes: [{ at }] } };
};

/** Texts of a claim that is one or a list, or of an expression. Absent groups are none. */
const texts = ({ at, claim, prefix = '', expression }: Mapping, claims: Claims): Reading<readonly string[]> => {
  if (expression && 'problem' in expression.compiled) return { value: [] };
  const evaluation =
    expression && !('problem' in expression.compiled)
      ? expression.compiled.evaluate({ claims })
      : { value: claims[claim] };
  const out = { edit: `Take ${pathText(at)} out.` };
  if ('failure' in evaluation) {
    return { denial: denialAt('kubernetes_mapping_failed', at, expression?.text ?? claim, evaluation.failure, out) };
  }
  const found = evaluation.value === undefined || evaluation.value === null ? [] : [evaluation.value].flat();
  const list = expression ? found : found.map((each) => each ?? '');
  const isSplit = expression && !('problem' in expression.compiled) && givesSplit(expression.compiled.whole);
  if (isSplit || !list.every((each) => typeof each === 'string')) {
    return {
      denial: denialAt('kubernetes_mapped_type', at, 'a text or a list of texts', shown(evaluation.value), out),
    };
  }
  // What an expression leaves empty is not there; what a claim does, is.
  return { value: list.filter((each) => each !== '' || !expression).map((each) => prefix + each) };
};

/** What split() gives is no list of texts to the API server, until something is done with it. */
const givesSplit = ({ kind, name, parts }: Part): boolean => {
  if (kind !== 'call') return false;
  if (name === 'split') return true;
  const isEmpty = (part: Part): boolean => part.kind === 'list' && part.parts.length === 0;
  return name === '_+_' && parts.some(isEmpty) && parts.some(givesSplit);
};

const ruleDenials = ({ at, claim, requiredValue, expression }: Rule, { claims }: Presented): Denials => {
  if (expression)
    return expressionDenials('kubernetes_rule', [...at, 'expression'], expression, { claims }, 'claims.sub');
  if (claim === '') return [];
  const found = claims[claim] === null ? '' : claims[claim];
  if (found === requiredValue) return [];
  const place: Path = [...at, 'requiredValue'];
  if (typeof found === 'string') {
    const write = { edit: `Write requiredValue: ${JSON.stringify(found)}.`, value: found };
    return [denialAt('kubernetes_claim_mismatch', place, requiredValue, found, write)];
  }
  const code = found === undefined ? 'kubernetes_claim_missing' : 'kubernetes_claim_type';
  const { sub } = claims;
  const write = {
    edit: `Write claim: sub and requiredValue: ${JSON.stringify(sub)}.`,
    value: { claim: 'sub', requiredValue: sub },
  };
  return [{ ...denialAt(code, at, requiredValue, shown(found), write), condition: pathText([...at, 'claim']) }];
};

const userRuleDenials = ({ at, expression }: Rule, user: User): Denials =>
  expression
    ? expressionDenials('kubernetes_user_rule', [...at, 'expression'], expression, { user }, 'user.username')
    : [];

const expressionDenials = (
  kind: 'kubernetes_rule' | 'kubernetes_user_rule',
  place: Path,
  { compiled }: NonNullable<Rule['expression']>,
  variables: Readonly<Record<string, unknown>>,
  subject: string,
): Denials => {
  if ('problem' in compiled) return [];
  const failed = firstFailed(compiled, { variables, functions: FUNCTIONS, dialect: MAPPING, subject });
  if (!failed) return [];
  const failure = 'failure' in failed.evaluation ? failed.evaluation.failure : undefined;
  const { edit, edited, check, presented } = failed;
  const code = `${kind}_${failure === undefined ? 'false' : 'failed'}` as const;
  const { changes, ...said } = denialAt(code, place, check.wanted, presented, { edit, value: edited });
  return [
    {
      ...said,
      ...(edited !== undefined && { changes }),
      condition: `${pathText(place)}: ${failed.check.part.text}`,
    },
  ];
};

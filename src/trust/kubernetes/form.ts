import { nearest } from '../../nearest.ts';
import { isJsonObject } from '../../strict-json.ts';
import { quoted } from '../cel-checks.ts';
import { audiencesOf, shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import { type Authenticator, type KubernetesTrust, type Mapping, type Rule, VERSIONS } from './document.ts';
import type { KubernetesDenial } from './reasons.ts';

type Check = (one: Authenticator, presented: Presented, all: readonly Authenticator[]) => readonly KubernetesDenial[];

/** What keeps the API server from taking the configuration at all, whoever comes. */
export const configurationForm = (
  { version, authenticators }: KubernetesTrust,
  presented: Presented,
): readonly KubernetesDenial[] => [
  ...(VERSIONS.includes(version) ? [] : [wrongVersion(version)]),
  ...authenticators.flatMap((one) => CHECKS.flatMap((check) => check(one, presented, authenticators))),
];

const denial = (
  code: KubernetesDenial['code'],
  at: Path,
  wanted: string,
  presented: string,
  write: { readonly edit: string; readonly value?: unknown },
): KubernetesDenial => ({
  code,
  condition: pathText(at),
  wanted,
  presented,
  edit: write.edit,
  changes: [{ at, ...('value' in write && { value: write.value }) }],
});

const wrongVersion = (version: string): KubernetesDenial => {
  const [first = ''] = VERSIONS;
  const write = { edit: `Write apiVersion: ${first}.`, value: first };
  return denial('kubernetes_version', ['apiVersion'], VERSIONS.join(' | '), version, write);
};

/** The format is read strictly: a member that it does not know is an error. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '': ['issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules'],
  issuer: ['url', 'discoveryURL', 'certificateAuthority', 'audiences', 'audienceMatchPolicy', 'egressSelectorType'],
  claimMappings: ['username', 'groups', 'uid', 'extra'],
  'claimMappings.username': ['claim', 'prefix', 'expression'],
  'claimMappings.groups': ['claim', 'prefix', 'expression'],
  'claimMappings.uid': ['claim', 'expression'],
  'claimMappings.extra[]': ['key', 'valueExpression'],
  'claimValidationRules[]': ['claim', 'requiredValue', 'expression', 'message'],
  'userValidationRules[]': ['expression', 'message'],
};

const unknownFields: Check = ({ raw, at }) => fields(raw, at, '');

const fields = (value: unknown, at: Path, kind: string): readonly KubernetesDenial[] => {
  if (Array.isArray(value)) return value.flatMap((each, index) => fields(each, [...at, index], `${kind}[]`));
  const known = KNOWN[kind];
  if (!known || !isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    if (known.includes(name)) return fields(member, [...at, name], kind === '' ? name : `${kind}.${name}`);
    const near = nearest(name, known);
    const edit = near === undefined ? `Take ${name} out.` : `Write ${near} instead of ${name}.`;
    const place: Path = [...at, name];
    const renamed = near === undefined || near in value ? [] : [{ at: [...at, near], value: member }];
    return [
      {
        ...denial('kubernetes_field_unknown', place, known.join(', '), name, { edit }),
        changes: [{ at: place }, ...renamed],
      },
    ];
  });
};

const issuerUrl: Check = ({ at, url }, { issuer }) => {
  const place: Path = [...at, 'issuer', 'url'];
  const isPlain = /^https:\/\/[^@?#]+$/.test(url);
  // That an issuer of ours is not https is a warning.
  if (isPlain || (url === issuer && /^http:\/\/[^@?#]+$/.test(url))) return [];
  const wanted = 'an https URL without query, fragment and user';
  return [denial('kubernetes_issuer_form', place, wanted, url, { edit: `Write url: ${issuer}.`, value: issuer })];
};

const duplicate: Check = (one, _, all) => {
  const at = all.indexOf(one);
  if (all.findIndex(({ url }) => url === one.url) === at) return [];
  const edit = `Take ${pathText(one.at)} out, and write its audiences and rules where ${one.url} stands first.`;
  return [denial('kubernetes_issuer_duplicate', one.at, 'one authenticator an issuer', one.url, { edit })];
};

const discovery: Check = ({ at, url, discoveryUrl }) => {
  if (discoveryUrl === '') return [];
  const bare = (text: string): string => text.replace(/\/+$/, '');
  const place: Path = [...at, 'issuer', 'discoveryURL'];
  if (bare(url) !== bare(discoveryUrl) && /^https:\/\/[^@?#]+$/.test(discoveryUrl)) return [];
  const wanted = 'an https URL that is not the issuer, or nothing';
  return [denial('kubernetes_discovery_form', place, wanted, discoveryUrl, { edit: 'Leave discoveryURL out.' })];
};

const audiences: Check = ({ at, audiences: all, matchPolicy }, presented) => {
  const place: Path = [...at, 'issuer', 'audiences'];
  const given = audiencesOf(presented);
  if (all.length === 0) {
    const write = { edit: `Write audiences: ${JSON.stringify(given)}.`, value: given };
    return [denial('kubernetes_audiences_missing', place, 'at least one audience', '', write)];
  }
  const policy: Path = [...at, 'issuer', 'audienceMatchPolicy'];
  const any = { edit: 'Write audienceMatchPolicy: MatchAny.', value: 'MatchAny' };
  const once = [...new Set(all)];
  return [
    ...(once.length < all.length
      ? [
          denial('kubernetes_audiences_duplicate', place, 'each once', all.join(', '), {
            edit: `Write audiences: ${JSON.stringify(once)}.`,
            value: once,
          }),
        ]
      : []),
    ...(matchPolicy === 'MatchAny' || (matchPolicy === '' && all.length === 1)
      ? []
      : [denial('kubernetes_match_policy', policy, 'MatchAny', matchPolicy, any)]),
  ];
};

const ruleForm: Check = ({ rules }) =>
  rules.flatMap((rule, index) => {
    const { at, claim, expression, requiredValue, message } = rule;
    const wrong = (wanted: string, edit: string, where: Path = at): readonly KubernetesDenial[] => [
      denial('kubernetes_rule_form', where, wanted, claim || (expression?.text ?? ''), { edit }),
    ];
    if (claim !== '' && expression)
      return wrong('claim or expression', 'Leave claim out: the expression says it.', [...at, 'claim']);
    if (claim === '' && !expression) return wrong('claim or expression', `Take ${pathText(at)} out.`);
    if (claim !== '' && message !== '')
      return wrong('message beside an expression only', 'Leave message out.', [...at, 'message']);
    if (expression && requiredValue !== '') {
      return wrong('requiredValue beside a claim only', 'Leave requiredValue out.', [...at, 'requiredValue']);
    }
    return isRepeated(rule, rules.slice(0, index)) ? wrong('each once', `Take ${pathText(at)} out.`) : [];
  });

const isRepeated = ({ claim, expression }: Rule, before: readonly Rule[]): boolean =>
  before.some((other) => (claim === '' ? other.expression?.text === expression?.text : other.claim === claim));

const usernameForm: Check = ({ username }) => {
  const { at, claim, expression } = username;
  if (claim === '' && !expression) {
    const write = {
      edit: 'Write claimMappings.username: {claim: sub, prefix: "runpass:"}.',
      value: { claim: 'sub', prefix: 'runpass:' },
    };
    return [denial('kubernetes_username_unmapped', at, 'claim or expression', '', write)];
  }
  return mappingForm(username);
};

const otherMappings: Check = ({ groups, uid }) => [
  ...mappingForm(groups),
  ...(uid.claim !== '' && uid.expression ? mappingForm(uid) : []),
];

const mappingForm = ({ at, claim, prefix, expression }: Mapping): readonly KubernetesDenial[] => {
  if (claim !== '' && expression) {
    const place: Path = [...at, 'claim'];
    return [
      denial('kubernetes_mapping_form', place, 'claim or expression', claim, {
        edit: 'Leave claim out: the expression says it.',
      }),
    ];
  }
  if (expression && prefix !== undefined) {
    const place: Path = [...at, 'prefix'];
    const edit = `Leave prefix out, and write it into the expression: "${prefix}" + ${expression.text}.`;
    return [denial('kubernetes_mapping_form', place, 'prefix beside a claim only', prefix, { edit })];
  }
  if (claim === '' || prefix !== undefined) return [];
  const write = {
    edit: 'Write prefix: "" for no prefix, or better a text that nobody else has, such as "runpass:".',
    value: '',
  };
  return [denial('kubernetes_prefix_missing', [...at, 'prefix'], 'a prefix', '', write)];
};

const EXTRA_KEY = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[a-z0-9._~!$&'()*+,;=:@%/-]+$/;
const OF_KUBERNETES = /^(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//;

const extraKeys: Check = ({ extra }) =>
  extra.flatMap(({ at, key, expression }, index) => {
    const isTaken = extra.slice(0, index).some((other) => other.key === key);
    if (EXTRA_KEY.test(key) && !OF_KUBERNETES.test(key) && !isTaken && expression) return [];
    const wanted = 'a key of its own such as example.com/stack, in lower case, with a valueExpression';
    return [
      denial('kubernetes_extra_key', at, wanted, key, { edit: `Take ${pathText(at)} out, or give it ${wanted}.` }),
    ];
  });

const expressions: Check = ({ rules, userRules, username, groups, uid, extra }, { claims }) =>
  [username, groups, uid, ...extra, ...rules, ...userRules].flatMap(({ at, expression }) => {
    if (!expression || !('problem' in expression.compiled)) return [];
    const { text, variable, compiled } = expression;
    const place: Path = [...at, at.includes('extra') ? 'valueExpression' : 'expression'];
    const isRule = at.includes('claimValidationRules');
    const value = isRule
      ? `claims.sub == ${quoted(shown(claims['sub']))}`
      : at === username.at
        ? 'claims.sub'
        : undefined;
    const edit = value === undefined ? `Correct it, or take ${pathText(at)} out.` : `Correct it, or write ${value}.`;
    const said = denial(
      'kubernetes_expression_invalid',
      place,
      `a CEL expression on ${variable}`,
      `${text} ${compiled.problem}`,
      { edit, value },
    );
    // Without a rule about users everybody would get in whom it kept out: that is for its author.
    return [value === undefined ? withoutChanges(said) : said];
  });

const withoutChanges = ({ changes: _, ...said }: KubernetesDenial): KubernetesDenial => said;

const email: Check = ({ username: { at, expression }, rules, extra }) => {
  if (!expression || !/\bclaims\s*\.\??\s*email\b/.test(expression.text)) return [];
  const texts = [expression, ...rules.map((rule) => rule.expression), ...extra.map((each) => each.expression)];
  if (texts.some((each) => each && /\bclaims\s*\.\??\s*email_verified\b/.test(each.text))) return [];
  const write = { edit: 'Write expression: claims.sub; no token of Runpass has an email.', value: 'claims.sub' };
  return [
    denial(
      'kubernetes_email_unverified',
      [...at, 'expression'],
      'claims.email_verified somewhere',
      expression.text,
      write,
    ),
  ];
};

const CHECKS: readonly Check[] = [
  unknownFields,
  issuerUrl,
  duplicate,
  discovery,
  audiences,
  ruleForm,
  usernameForm,
  otherMappings,
  extraKeys,
  expressions,
  email,
];

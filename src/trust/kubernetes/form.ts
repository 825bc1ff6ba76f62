import { nearest } from '../../nearest.ts';
import { isJsonObject } from '../../strict-json.ts';
import { quoted } from '../cel-checks.ts';
import { audiencesOf, denialAt, shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import type { Authenticator, KubernetesTrust, Mapping, Rule } from './document.ts';
import type { KubernetesDenial } from './reasons.ts';
import { urlProblem } from './url.ts';
import { wholeForm } from './whole-form.ts';

type Check = (one: Authenticator, presented: Presented, all: readonly Authenticator[]) => readonly KubernetesDenial[];

/** What keeps the API server from taking the configuration at all, whoever comes. */
export const configurationForm = (trust: KubernetesTrust, presented: Presented): readonly KubernetesDenial[] => {
  const { authenticators } = trust;
  return [
    ...wholeForm(trust),
    ...fields(trust.raw, [], ''),
    ...authenticators.flatMap((one) => CHECKS.flatMap((check) => check(one, presented, authenticators))),
  ];
};

/** The format is read strictly: a member that it does not know is an error. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '': ['apiVersion', 'kind', 'jwt', 'anonymous'],
  anonymous: ['enabled', 'conditions'],
  'anonymous.conditions[]': ['path'],
  'jwt[]': ['issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules'],
  'jwt[].issuer': [
    'url',
    'discoveryURL',
    'certificateAuthority',
    'audiences',
    'audienceMatchPolicy',
    'egressSelectorType',
  ],
  'jwt[].claimMappings': ['username', 'groups', 'uid', 'extra'],
  'jwt[].claimMappings.username': ['claim', 'prefix', 'expression'],
  'jwt[].claimMappings.groups': ['claim', 'prefix', 'expression'],
  'jwt[].claimMappings.uid': ['claim', 'expression'],
  'jwt[].claimMappings.extra[]': ['key', 'valueExpression'],
  'jwt[].claimValidationRules[]': ['claim', 'requiredValue', 'expression', 'message'],
  'jwt[].userValidationRules[]': ['expression', 'message'],
};

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
        ...denialAt('kubernetes_field_unknown', place, known.join(', '), name, { edit }),
        changes: [{ at: place }, ...renamed],
      },
    ];
  });
};

const issuerUrl: Check = ({ at, url }, { issuer }) => {
  const place: Path = [...at, 'issuer', 'url'];
  // That an issuer of ours is not https is a warning.
  if (urlProblem(url === issuer ? url.replace(/^http:/, 'https:') : url) === undefined) return [];
  const wanted = 'an https URL without query, fragment and user';
  return [denialAt('kubernetes_issuer_form', place, wanted, url, { edit: `Write url: ${issuer}.`, value: issuer })];
};

const duplicate: Check = (one, _, all) => {
  const at = all.indexOf(one);
  if (all.findIndex(({ url }) => url === one.url) === at) return [];
  const edit = `Take ${pathText(one.at)} out, and write its audiences and rules where ${one.url} stands first.`;
  return [denialAt('kubernetes_issuer_duplicate', one.at, 'one authenticator an issuer', one.url, { edit })];
};

const discovery: Check = ({ at, url, discoveryUrl }, _, all) => {
  if (discoveryUrl === '') return [];
  const bare = (text: string): string => text.replace(/\/+$/, '');
  const place: Path = [...at, 'issuer', 'discoveryURL'];
  const isOther = bare(url) !== bare(discoveryUrl) && urlProblem(discoveryUrl) === undefined;
  const isOnce = all.filter((one) => one.discoveryUrl === discoveryUrl).length === 1;
  if (isOther && isOnce) return [];
  const wanted = 'an https URL of its own that is not the issuer, or nothing';
  return [denialAt('kubernetes_discovery_form', place, wanted, discoveryUrl, { edit: 'Leave discoveryURL out.' })];
};

const EGRESS = ['', 'controlplane', 'cluster'];

const connection: Check = ({ at, authority, egress }) => {
  const wrong = (name: string, wanted: string, found: string) => [
    denialAt('kubernetes_connection_form', [...at, 'issuer', name], wanted, found, { edit: `Leave ${name} out.` }),
  ];
  return [
    ...(authority === '' || authority.includes('-----BEGIN CERTIFICATE-----')
      ? []
      : wrong('certificateAuthority', 'certificates as PEM', authority)),
    ...(EGRESS.includes(egress) ? [] : wrong('egressSelectorType', EGRESS.slice(1).join(' or '), egress)),
  ];
};

const audiences: Check = ({ at, audiences: all, matchPolicy }, presented) => {
  const place: Path = [...at, 'issuer', 'audiences'];
  const given = audiencesOf(presented);
  if (all.length === 0) {
    const write = { edit: `Write audiences: ${JSON.stringify(given)}.`, value: given };
    return [denialAt('kubernetes_audiences_missing', place, 'at least one audience', '', write)];
  }
  const policy: Path = [...at, 'issuer', 'audienceMatchPolicy'];
  const any = { edit: 'Write audienceMatchPolicy: MatchAny.', value: 'MatchAny' };
  const once = [...new Set(all)].filter((each) => each !== '');
  return [
    ...(once.length < all.length
      ? [
          denialAt('kubernetes_audiences_duplicate', place, 'each once', all.join(', '), {
            edit: `Write audiences: ${JSON.stringify(once)}.`,
            value: once,
          }),
        ]
      : []),
    ...(matchPolicy === 'MatchAny' || (matchPolicy === '' && all.length === 1)
      ? []
      : [denialAt('kubernetes_match_policy', policy, 'MatchAny', matchPolicy, any)]),
  ];
};

const ruleForm: Check = ({ rules }) =>
  rules.flatMap((rule, index) => {
    const { at, claim, expression, requiredValue, message } = rule;
    const wrong = (wanted: string, edit: string, where: Path = at): readonly KubernetesDenial[] => [
      denialAt('kubernetes_rule_form', where, wanted, claim || (expression?.text ?? ''), { edit }),
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

const userRuleForm: Check = ({ userRules }) =>
  userRules.flatMap(({ at, expression }, index) => {
    const isAgain = userRules.slice(0, index).some((other) => other.expression?.text === expression?.text);
    if (expression && !isAgain) return [];
    const edit = `Take ${pathText(at)} out.`;
    const found = expression?.text ?? '';
    return [denialAt('kubernetes_rule_form', [...at, 'expression'], 'an expression, each once', found, { edit })];
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
    return [denialAt('kubernetes_username_unmapped', at, 'claim or expression', '', write)];
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
      denialAt('kubernetes_mapping_form', place, 'claim or expression', claim, {
        edit: 'Leave claim out: the expression says it.',
      }),
    ];
  }
  if (expression && prefix !== undefined) {
    const place: Path = [...at, 'prefix'];
    const edit = `Leave prefix out, and write it into the expression: "${prefix}" + ${expression.text}.`;
    return [denialAt('kubernetes_mapping_form', place, 'prefix beside a claim only', prefix, { edit })];
  }
  if (claim === '' || prefix !== undefined) return [];
  const write = {
    edit: 'Write prefix: "" for no prefix, or better a text that nobody else has, such as "runpass:".',
    value: '',
  };
  return [denialAt('kubernetes_prefix_missing', [...at, 'prefix'], 'a prefix', '', write)];
};

const EXTRA_KEY =
  /^(?=[^/]{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[a-z0-9/\-._~%!$&'()*+,;=:]+$/;
const OF_KUBERNETES = /^(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//;

const extraKeys: Check = ({ extra }) =>
  extra.flatMap(({ at, key, expression }, index) => {
    const isTaken = extra.slice(0, index).some((other) => other.key === key);
    if (EXTRA_KEY.test(key) && !OF_KUBERNETES.test(key) && !isTaken && expression) return [];
    const wanted = 'a key of its own such as example.com/stack, in lower case, with a valueExpression';
    return [
      denialAt('kubernetes_extra_key', at, wanted, key, { edit: `Take ${pathText(at)} out, or give it ${wanted}.` }),
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
    const said = denialAt(
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
    denialAt(
      'kubernetes_email_unverified',
      [...at, 'expression'],
      'claims.email_verified somewhere',
      expression.text,
      write,
    ),
  ];
};

const CHECKS: readonly Check[] = [
  issuerUrl,
  duplicate,
  discovery,
  connection,
  audiences,
  ruleForm,
  userRuleForm,
  usernameForm,
  otherMappings,
  extraKeys,
  expressions,
  email,
];

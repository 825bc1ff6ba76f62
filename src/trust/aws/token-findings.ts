import type { Presented } from '../verdict.ts';
import { contextOf, keyPrefix, ROLES } from './context.ts';
import type { AwsTrust } from './document.ts';
import { type Finding, json } from './finding.ts';

/** What STS checks before it looks at the policy, in that order. */
export const tokenFindings = (trust: AwsTrust, presented: Presented): readonly Finding[] =>
  CHECKS.flatMap((check) => check(presented, trust));

type Check = (presented: Presented, trust: AwsTrust) => readonly Finding[];

const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;

const sessionName: Check = ({ request }) => {
  const name = request?.sessionName;
  if (name === undefined || SESSION_NAME.test(name)) return [];
  const edit = 'Ask for a session name of 2 to 64 of A-Z, a-z, 0-9, "_", "+", "=", ",", ".", "@" and "-".';
  return [ours('aws_session_name', 'RoleSessionName', '[\\w+=,.@-]{2,64}', name, edit)];
};

const [SHORTEST, LONGEST] = [900, 43_200];

const duration: Check = ({ request }) => {
  const seconds = request?.durationSeconds;
  if (seconds === undefined || (seconds >= SHORTEST && seconds <= LONGEST)) return [];
  const wanted = `${SHORTEST} to ${LONGEST} seconds`;
  return [ours('aws_duration', 'DurationSeconds', wanted, String(seconds), `Ask for ${wanted}.`)];
};

/** What STS checks when the policy has admitted the token. */
export const sessionFindings = (
  { maxSessionSeconds, source }: AwsTrust,
  { request }: Presented,
): readonly Finding[] => {
  const seconds = request?.durationSeconds;
  if (seconds === undefined || maxSessionSeconds === undefined || seconds <= maxSessionSeconds || seconds > LONGEST) {
    return [];
  }
  return [
    {
      code: 'aws_duration',
      condition: 'MaxSessionDuration',
      wanted: `at most ${maxSessionSeconds} seconds`,
      presented: String(seconds),
      edit: `Ask for ${maxSessionSeconds} seconds, or write "MaxSessionDuration": ${seconds} at the role.`,
      changes: [{ at: ['role', 'MaxSessionDuration'], value: seconds }].filter(() => source.role !== undefined),
    },
  ];
};

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

const algorithm: Check = ({ header: { alg } }) =>
  ALGORITHMS.includes(alg)
    ? []
    : [ours('aws_algorithm', 'alg', ALGORITHMS.join(' | '), alg, 'Sign with RS256, which every cloud takes.')];

const claims: Check = ({ claims: given }) => [
  ...['iss', 'sub', 'aud', 'iat', 'exp']
    .filter((name) => given[name] === undefined || given[name] === null)
    .map((name) => ours('aws_claim_missing', name, 'present', '', `Mint the token with ${name}.`)),
  ...['iat', 'exp', 'nbf']
    .filter((name) => given[name] !== undefined && !/^\d+$/.test(String(given[name])))
    .map((name) =>
      ours('aws_times_not_whole', name, 'whole seconds', String(given[name]), `Write ${name} as a whole number.`),
    ),
];

const audienceList: Check = ({ claims: { aud, azp } }) => {
  if (!Array.isArray(aud) || aud.length === 1 || azp !== undefined) return [];
  const edit = 'Mint the token for one audience: AWS wants azp as soon as there are two.';
  return [ours('aws_audience_list', 'aud', 'one audience', aud.join(', '), edit)];
};

const provider: Check = (presented, trust) => {
  const url = trust.provider?.url;
  if (url === undefined || url.replace(/^https?:\/\//, '') === keyPrefix(presented.issuer)) return [];
  return [
    {
      code: 'aws_provider_mismatch',
      condition: 'provider.Url',
      wanted: url,
      presented: presented.issuer,
      edit: `Make an identity provider for ${presented.issuer}, to the letter: AWS compares case, path and trailing slash.`,
      changes: [{ at: ['provider'], value: { Url: presented.issuer, ClientIDList: trust.provider?.clientIds ?? [] } }],
    },
  ];
};

const registered: Check = (presented, { provider: given }) => {
  const context = contextOf(presented);
  const [aud] = [context.valuesOf(`${context.prefix}:aud`)].flat();
  if (given?.clientIds === undefined || aud === undefined || given.clientIds.includes(aud)) return [];
  return [
    {
      code: 'aws_audience_not_registered',
      condition: 'provider.ClientIDList',
      wanted: given.clientIds.join(' | '),
      presented: aud,
      edit: `Add ${json(aud)} to the provider's ClientIDList: aws iam add-client-id-to-open-id-connect-provider --client-id ${aud} --open-id-connect-provider-arn <ARN>.`,
      changes: [{ at: ['provider'], value: { Url: given.url, ClientIDList: [...given.clientIds, aud] } }],
    },
  ];
};

/** Read before the policy, and refused as if the token were wrong. */
const listedRoles: Check = ({ claims: given, request }, { roleArn }) => {
  const roles = [given[ROLES] ?? []].flat().flatMap((role) => String(role).split(';'));
  const role = request?.roleArn ?? roleArn;
  if (given[ROLES] === undefined || role === undefined || roles.includes(role)) return [];
  const edit = `Ask for the role that the token is good for, or write ${json(role)} as the role of the stack's settings.`;
  return [ours('aws_role_not_listed', json(ROLES), roles.join(' | '), role, edit)];
};

const CHECKS: readonly Check[] = [
  sessionName,
  duration,
  algorithm,
  claims,
  audienceList,
  provider,
  registered,
  listedRoles,
];

/** What no edit of the document undoes. */
const ours = (code: Finding['code'], condition: string, wanted: string, presented: string, edit: string): Finding => ({
  code,
  condition,
  wanted,
  presented,
  edit,
  changes: [],
});

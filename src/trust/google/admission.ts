import { isJsonObject } from '../../strict-json.ts';
import { audiencesOf, shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import type { GoogleTrust } from './document.ts';
import type { GoogleDenial } from './reasons.ts';

type Check = (trust: GoogleTrust, presented: Presented) => readonly GoogleDenial[];

/** What Google checks before it maps anything: the provider, then the token's issuer, key, times and audience. */
export const admission: Check = (trust, presented) => CHECKS.flatMap((check) => check(trust, presented));

const available: Check = ({ at, disabled, deleted }) => {
  if (!disabled && !deleted) return [];
  const place: Path = [...at.provider, deleted ? 'state' : 'disabled'];
  return [
    {
      code: 'google_provider_unavailable',
      condition: pathText(place),
      wanted: deleted ? 'ACTIVE' : 'false',
      presented: deleted ? 'DELETED' : 'true',
      edit: deleted
        ? 'Bring the provider back: gcloud iam workload-identity-pools providers undelete.'
        : 'Write disabled: false.',
      changes: [{ at: place, value: deleted ? 'ACTIVE' : false }],
    },
  ];
};

const issuer: Check = ({ at, issuer: wanted }, presented) => {
  const place: Path = [...at.provider, 'oidc', 'issuerUri'];
  const write = { edit: `Write issuerUri: ${presented.issuer}.`, changes: [{ at: place, value: presented.issuer }] };
  const common = { condition: pathText(place), wanted, presented: presented.issuer, ...write };
  return wanted === presented.issuer ? [] : [{ code: 'google_issuer_mismatch', ...common }];
};

const MOST_AUDIENCES = 10;
const LONGEST_AUDIENCE = 256;

const audiencesForm: Check = ({ at, audiences }) => {
  const place: Path = [...at.provider, 'oidc', 'allowedAudiences'];
  const long = audiences.find(({ length }) => length > LONGEST_AUDIENCE);
  if (audiences.length <= MOST_AUDIENCES && long === undefined) return [];
  const kept = audiences.filter(({ length }) => length <= LONGEST_AUDIENCE).slice(0, MOST_AUDIENCES);
  const wanted =
    long === undefined ? `at most ${MOST_AUDIENCES} audiences` : `at most ${LONGEST_AUDIENCE} characters each`;
  return [
    {
      code: 'google_audiences_form',
      condition: pathText(place),
      wanted,
      presented: long ?? String(audiences.length),
      edit: `Keep ${wanted}.`,
      changes: [{ at: place, value: kept }],
    },
  ];
};

const fromToken = (code: GoogleDenial['code'], condition: string, wanted: string, presented: string, edit: string) =>
  ({ code, condition, wanted, presented, edit }) as const;

const algorithm: Check = (_, { header: { alg } }) =>
  ['RS256', 'ES256'].includes(alg)
    ? []
    : [fromToken('google_algorithm', 'alg', 'RS256 or ES256', alg, 'Sign with RS256, which every cloud takes.')];

const JWK_MEMBERS = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'];

const keys: Check = ({ at, jwks }, { header: { kid } }) => {
  if (jwks === undefined) return [];
  const condition = pathText([...at.provider, 'oidc', 'jwksJson']);
  const advice = 'Upload the keys anew: runpass keys export --static DIR writes them in the form that Google takes.';
  const read = keysOf(jwks);
  if (!read) return [fromToken('google_keys_form', condition, '{"keys": […]}', jwks.slice(0, 100), advice)];
  const foreign = read.flatMap((key) => Object.keys(key)).find((member) => !JWK_MEMBERS.includes(member));
  if (foreign !== undefined) {
    return [fromToken('google_keys_form', condition, JWK_MEMBERS.join(' '), foreign, advice)];
  }
  if (read.some((key) => key['kid'] === kid)) return [];
  const known = read.map((key) => String(key['kid'])).join(', ');
  return [fromToken('google_key_unknown', condition, kid, known, advice)];
};

const keysOf = (text: string): readonly Readonly<Record<string, unknown>>[] | undefined => {
  try {
    const set: unknown = JSON.parse(text);
    const list = isJsonObject(set) ? set['keys'] : undefined;
    return Array.isArray(list) && list.every(isJsonObject) ? list : undefined;
  } catch {
    return undefined;
  }
};

const REQUIRED = ['iss', 'iat', 'exp', 'sub', 'aud'];

const claims: Check = (_, presented) =>
  REQUIRED.filter((name) => presented.claims[name] === undefined || presented.claims[name] === null).map((name) =>
    fromToken('google_claim_missing', name, 'present', '', `Mint the token with ${name}.`),
  );

/** Security Token Service, method `token`. */
const LONGEST_LIFE = 48 * 3600;

const lifetime: Check = (_, { claims: { iat, exp } }) => {
  const life = Number(exp) - Number(iat);
  if (!(life >= LONGEST_LIFE)) return [];
  const wanted = `less than ${LONGEST_LIFE} seconds`;
  return [fromToken('google_lifetime', 'exp', wanted, `${life} seconds`, 'Ask for a token of 3600 seconds.')];
};

/** Audiences that are taken where none is listed: the provider's own name. */
export const defaultAudiences = ({ name }: GoogleTrust): readonly string[] | undefined => {
  if (!name) return undefined;
  const { project, pool, provider } = name;
  const own = `//iam.googleapis.com/projects/${project}/locations/global/workloadIdentityPools/${pool}/providers/${provider}`;
  return [own, `https:${own}`];
};

const audience: Check = (trust, presented) => {
  const wanted = trust.audiences.length > 0 ? trust.audiences : defaultAudiences(trust);
  const given = audiencesOf(presented);
  if (!wanted || wanted.some((each) => given.includes(each))) return [];
  const place: Path = [...trust.at.provider, 'oidc', 'allowedAudiences'];
  const listed = [...trust.audiences, ...given].slice(-MOST_AUDIENCES);
  return [
    {
      code: 'google_audience_mismatch',
      condition: pathText(place),
      wanted: wanted.join(' | '),
      presented: shown(presented.claims['aud']),
      edit:
        trust.audiences.length === 0
          ? `Ask for the token with the audience ${wanted[0]}, or write allowedAudiences: [${given.map((each) => JSON.stringify(each)).join(', ')}].`
          : `Add ${given.map((each) => JSON.stringify(each)).join(', ')} to allowedAudiences.`,
      changes: [{ at: place, value: listed }],
    },
  ];
};

const CHECKS: readonly Check[] = [available, audiencesForm, issuer, algorithm, keys, claims, lifetime, audience];

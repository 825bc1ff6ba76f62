import { discoveryOf, type Fetched, keysOf, type Row, readToken, type Surface, when } from './profile.ts';

const both = ({ discovery, keys }: Surface): readonly Fetched[] => [discovery, keys];
const ofBoth = (rule: string, forcedBy: string, check: (answer: Fetched) => readonly string[]): Row => ({
  rule,
  forcedBy,
  problems: (surface) => both(surface).flatMap(check),
});

const ofIssuer = (rule: string, forcedBy: string, check: (issuer: string) => boolean): Row => ({
  rule,
  forcedBy,
  problems: ({ issuer }) => when(!check(issuer), `the issuer is ${issuer}`),
});

/** On this machine there is neither TLS nor the default port: `hosting.test.ts` checks what the settings enforce of that. */
const LOCAL = /^http:\/\/localhost:\d+/;
const withoutDoor = (issuer: string): string => issuer.replace(LOCAL, 'https://localhost');

/** Section 0.1: the issuer's URL, and how its documents are served. */
export const HOSTING_ROWS: readonly Row[] = [
  ofIssuer(
    'the issuer is https on the default port, its host in lower case',
    'AWS, Google Cloud, Kubernetes, Alibaba',
    (issuer) => /^https:\/\/[a-z0-9.-]+(?:\/|$)/.test(withoutDoor(issuer)),
  ),
  ofIssuer('its path has plain segments only', 'Octo-STS', (issuer) =>
    withoutDoor(issuer)
      .split('/')
      .slice(3)
      .every((segment) => /^[A-Za-z0-9._~-]{1,150}$/.test(segment) && segment !== '..'),
  ),
  ofIssuer(
    'it has no trailing slash, query, fragment or user',
    'AWS, Entra, PyPI, Kubernetes, Alibaba',
    (issuer) => !/[?#@]|\/$/.test(issuer),
  ),
  ofIssuer('it has at most 255 characters', 'AWS, Octo-STS', (issuer) => issuer.length <= 255),
  {
    rule: 'discovery stands at the issuer with /.well-known/openid-configuration behind it',
    forcedBy: 'everybody',
    problems: ({ issuer, discovery }) =>
      when(discovery.url !== `${issuer}/.well-known/openid-configuration`, discovery.url),
  },
  ofBoth(
    'it answers 200 with JSON at once: no redirect, no authentication, no cookie',
    'AWS, PyPI, Octo-STS, conformance suite',
    ({ status, headers }) => [
      ...when(status !== 200, `the status is ${status}`),
      ...when(!/^application\/json\b/.test(headers['content-type'] ?? ''), `it is ${headers['content-type']}`),
      ...['set-cookie', 'location', 'www-authenticate']
        .filter((name) => name in headers)
        .map((name) => `it sends ${name}`),
    ],
  ),
  ofBoth('it answers within a second', 'AWS and PyPI give up after 5 s', ({ ms }) =>
    when(ms > 1000, `it took ${ms} ms`),
  ),
  ofBoth('it has at most 100 KiB', 'Octo-STS', ({ text }) =>
    when(Buffer.byteLength(text) > 100 * 1024, 'it is larger'),
  ),
  ofBoth(
    'anybody may cache it for 300 to 900 s',
    'AWS ("too many requests"), RGW, which fetches on every call',
    ({ headers }) => {
      const age = Number(/^public, max-age=(\d+)$/.exec(headers['cache-control'] ?? '')?.[1]);
      return when(!(age >= 300 && age <= 900), `Cache-Control is ${headers['cache-control']}`);
    },
  ),
  {
    rule: 'jwks_uri is on the same host',
    forcedBy: 'AWS thumbprints, firewalls',
    problems: (surface) => {
      const { jwks_uri: uri } = discoveryOf(surface);
      return when(URL.parse(String(uri))?.host !== new URL(surface.issuer).host, `jwks_uri is ${uri}`);
    },
  },
];

const member = (
  name: string,
  rule: string,
  forcedBy: string,
  check: (value: unknown, surface: Surface) => boolean,
): Row => ({
  rule: `${name} ${rule}`,
  forcedBy,
  problems: (surface) => {
    const value = discoveryOf(surface)[name];
    return when(!check(value, surface), `${name} is ${JSON.stringify(value)}`);
  },
});

const is = (expected: unknown) => (value: unknown) => JSON.stringify(value) === JSON.stringify(expected);
const isUrl = (value: unknown): boolean =>
  typeof value === 'string' && /^https:\/\/[^/?#]+\/[^?#]+$/.test(withoutDoor(value));
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);

/** Section 0.4: what the discovery document must say. */
export const DISCOVERY_ROWS: readonly Row[] = [
  {
    rule: 'issuer is byte for byte the iss of every token and the URL it was found under',
    forcedBy: 'go-oidc, Vault, Kubernetes, Octo-STS; OpenID Connect Discovery section 4.3',
    problems: (surface) => {
      const { issuer } = discoveryOf(surface);
      const others = surface.tokens.map((jwt) => readToken(jwt).claims.iss).filter((iss) => iss !== issuer);
      return [...when(issuer !== surface.issuer, `it is ${issuer}`), ...others.map((iss) => `a token is from ${iss}`)];
    },
  },
  member(
    'jwks_uri',
    'is an absolute URL, that of the key set',
    'everybody',
    (value, { keys }) => isUrl(value) && value === keys.url,
  ),
  member('authorization_endpoint', 'is an absolute URL', 'Ruby openid_connect 1.2, conformance suite', isUrl),
  member('token_endpoint', 'is an absolute URL', 'OpenID Connect Discovery section 3', isUrl),
  member('response_types_supported', 'is ["id_token"]', 'OpenID Connect Discovery section 3', is(['id_token'])),
  member('subject_types_supported', 'is ["public"]', 'OpenID Connect Discovery section 3', is(['public'])),
  member(
    'id_token_signing_alg_values_supported',
    'lists what the published keys sign with, and nothing else',
    'go-oidc v3, which takes its algorithms from here',
    (value, surface) => is([...new Set(keysOf(surface).map(({ alg }) => alg))])(value),
  ),
  member('scopes_supported', 'is ["openid"]', 'conformance suite', is(['openid'])),
  member('claims_supported', 'lists every claim that is emitted', 'AWS, conformance suite', (value, { tokens }) =>
    tokens.every((jwt) => Object.keys(readToken(jwt).claims).every((name) => texts(value).includes(name))),
  ),
  member(
    'grant_types_supported',
    'is not empty, and names no flow with a browser',
    'default would be authorization_code',
    (value) =>
      texts(value).length > 0 && !texts(value).some((grant) => ['authorization_code', 'implicit'].includes(grant)),
  ),
  member(
    'token_endpoint_auth_methods_supported',
    'is written out',
    'default would be client_secret_basic alone',
    (value) => texts(value).includes('private_key_jwt'),
  ),
  {
    rule: 'no member is null or an empty array',
    forcedBy: 'OpenID Connect Discovery section 4.2',
    problems: (surface) =>
      Object.entries(discoveryOf(surface))
        .filter(([, value]) => value === null || (Array.isArray(value) && value.length === 0))
        .map(([name]) => `${name} is empty`),
  },
];

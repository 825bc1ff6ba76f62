import type { TokenProblemCode } from '../../src/issuers/problems.ts';
import type { Attack } from './attacks-header.ts';
import { type Court, claimsAt, headerText, NOW } from './tokens.ts';

/** Signs claims of which one member is another text of JSON than it should be. `undefined`: the member is missing. */
const withClaim = (court: Court, name: string, json: string | undefined): string => {
  const claims: Record<string, unknown> = { iss: court.issuer, ...claimsAt(NOW) };
  delete claims[name];
  const text = JSON.stringify(claims);
  return court.signRaw(headerText(court), json === undefined ? text : `${text.slice(0, -1)},"${name}":${json}}`);
};

const table = (
  court: Court,
  row: number,
  name: string,
  values: readonly (string | undefined)[],
  code: TokenProblemCode,
): readonly Attack[] =>
  values.map((json) => ({ row, name: `${name} = ${json?.slice(0, 60)}`, text: withClaim(court, name, json), code }));

const quoted = (texts: readonly string[]): readonly string[] => texts.map((text) => JSON.stringify(text));

/** `iss` that a person, or a lenient comparison, would take for the registered one: `https://issuer.example`. */
export const withOtherIssuers = (court: Court): readonly Attack[] => {
  const near = [
    'https://issuer.example/',
    'https://issuer.example//',
    'https://issuer.example/.',
    'https://issuer.example/..',
    'https://issuer.example#',
    'https://issuer.example?',
    'https://issuer.example?x=1',
    'https://ISSUER.example',
    'HTTPS://issuer.example',
    'http://issuer.example',
    'https://issuer.example:443',
    'https://issuer.example:8443',
    'https://user@issuer.example',
    'https://issuer.example@attacker.example',
    'https://issuer.example.attacker.example',
    'https://attacker.example/https://issuer.example',
    'https://attacker.example#https://issuer.example',
    'https://issuer.example.',
    'https://www.issuer.example',
    'https://issuer.exampl',
    'https://issuer.examplee',
    'issuer.example',
    '//issuer.example',
    ' https://issuer.example',
    'https://issuer.example ',
    'https://issuer.example\n',
    'https://issuer.example\u0000',
    'https://issuer.example%20',
    'https://%69ssuer.example',
    'https://іssuer.example',
    'https://xn--ssuer-n5e.example',
    'https://issuer。example',
    'https:\\\\issuer.example',
    'https://issuer.example\u200b',
    '\ufeffhttps://issuer.example',
    'https://issuer.example/oidc',
    'https://issuer.example;',
    'self',
    '*',
    'https://*',
    'https://issuer.example,https://attacker.example',
    'x'.repeat(2048),
  ];
  const odd = [
    'null',
    '1',
    'true',
    '[]',
    '{}',
    '""',
    '["https://issuer.example"]',
    '["https://issuer.example","https://attacker.example"]',
    '{"iss":"https://issuer.example"}',
    JSON.stringify('x'.repeat(2049)),
  ];
  return [
    ...table(court, 15, 'iss', quoted(near), 'wrong_issuer'),
    ...table(court, 15, 'iss', odd, 'malformed_claim'),
    ...table(court, 15, 'iss', [undefined], 'missing_claim'),
  ];
};

/** Members of the wrong type: no rule of a policy should have to guess what they mean. */
export const withOtherTypesOfClaims = (court: Court): readonly Attack[] => {
  const noText = ['null', '1', '0', 'true', 'false', '{}', '{"a":"b"}', '[[]]', '1.5'];
  const noAudience = [
    ...noText,
    '[1]',
    '[null]',
    '[true]',
    '[["a"]]',
    '["a",1]',
    '["a",null]',
    '["a",["b"]]',
    '[{}]',
    '{"0":"a","length":1}',
  ];
  const noTime = [
    'null',
    '"1"',
    '"1767225600"',
    '"2026-01-01T00:00:00Z"',
    '""',
    'true',
    '[]',
    '[1767225600]',
    '{}',
    '-1',
    '-0.5',
    '-9007199254740991',
  ];
  return [
    ...table(court, 16, 'aud', noAudience, 'malformed_claim'),
    ...table(court, 7, 'sub', [...noText, '[]', '["repo:acme"]'], 'malformed_claim'),
    ...table(court, 7, 'jti', [...noText, '[]', '["a"]', '""', JSON.stringify('x'.repeat(513))], 'malformed_claim'),
    ...['exp', 'iat', 'nbf'].flatMap((name) => table(court, 20, name, noTime, 'malformed_claim')),
    ...table(court, 20, 'exp', [undefined], 'missing_claim'),
  ];
};

/** Times at their edges, seen from `NOW`; verify.test.ts moves the clock instead. */
export const withOtherTimes = (court: Court): readonly Attack[] => {
  const at = (...offsets: readonly number[]): readonly string[] => offsets.map((offset) => String(NOW + offset));
  const past = court.signRaw(headerText(court), JSON.stringify({ iss: court.issuer, ...claimsAt(NOW - 86_400) }));
  return [
    ...table(court, 20, 'exp', at(0, -1, -30, -31, -300, -NOW), 'malformed_claim'),
    ...table(court, 20, 'exp', at(400 * 86_400 + 1, 500 * 86_400), 'malformed_claim'),
    ...table(court, 20, 'exp', ['9007199254740991', '99999999999', '4102444800'], 'malformed_claim'),
    ...table(court, 20, 'iat', at(31, 60, 299), 'not_yet_valid'),
    ...table(court, 20, 'nbf', at(31, 60, 299), 'not_yet_valid'),
    ...table(court, 20, 'iat', [String(NOW + 30.5)], 'not_yet_valid'),
    ...table(court, 20, 'nbf', [String(NOW + 30.001)], 'not_yet_valid'),
    ...table(court, 20, 'iat', at(300, 301), 'malformed_claim'),
    ...table(court, 20, 'nbf', at(300, 301), 'malformed_claim'),
    ...table(court, 20, 'iat', at(-90_031, -100_000), 'too_old'),
    ...table(court, 20, 'iat', ['0', '1'], 'malformed_claim'),
    { row: 20, name: 'a token of yesterday', text: past, code: 'expired' },
  ];
};

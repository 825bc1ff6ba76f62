import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { REFUSALS } from '../../src/errors.ts';
import { StandingClock } from '../clock.ts';
import { MAIN, makeTrustedIssuer } from '../flows/exchange-world.ts';
import type { Answer } from '../http/ask.ts';
import { withOtherIssuers, withOtherTimes, withOtherTypesOfClaims } from '../issuers/attacks-claims.ts';
import { builtOtherwise, withOtherJson, withOtherSignatures, writtenOtherwise } from '../issuers/attacks-form.ts';
import {
  type Attack,
  withAnotherAlgorithm,
  withOtherAlgorithms,
  withOtherKids,
  withOtherMembers,
  withOtherTypes,
  withoutAlgorithm,
  withPublicKeyAsSecret,
} from '../issuers/attacks-header.ts';
import { type HttpsHost, startHttpsHost } from '../issuers/https-host.ts';
import { type Court, claimsAt, headerText, makeCourt, NOW } from '../issuers/tokens.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { exchange } from './exchange-doors.ts';

const CORPORA: readonly ((court: Court) => readonly Attack[])[] = [
  ...[withoutAlgorithm, withOtherAlgorithms, withPublicKeyAsSecret, withAnotherAlgorithm, withOtherMembers],
  ...[withOtherKids, withOtherTypes, writtenOtherwise, builtOtherwise, withOtherJson, withOtherSignatures],
  ...[withOtherIssuers, withOtherTypesOfClaims, withOtherTimes],
];

const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;

/** A value that stands in a personal claim of every token, and of nothing else. */
const PERSON = 'canary-of-a-person@example.com';

describe('the door of exchanges, under attack', () => {
  let server: TestServer;
  let stranger: HttpsHost;
  const courts: Court[] = [];
  const clock = new StandingClock(NOW * 1000);
  before(async () => {
    stranger = await startHttpsHost();
    server = await startTestServer({
      store: 'memory',
      clock,
      change: (all) => ({ ...all, exchange: { ...all.exchange, refusalsPerMinute: 1_000_000 } }),
    });
    for (const alg of ALGORITHMS) {
      const court = await makeCourt({ alg, issuer: `https://${alg.toLowerCase()}.example` });
      courts.push(court);
      const { issuer, jwks } = court;
      // Nothing but the verification stands between an attack and a token: the policy allows everything.
      const policies = [{ ...MAIN, authorizedPermissions: ['admin'], rules: {} }];
      await server.parts.trust.issuers.create(makeTrustedIssuer(NOW, { issuer, jwks: jwks as never }, { policies }));
    }
  });
  after(async () => {
    await server.stop();
    await stranger.stop();
  });

  const genuine = (court: Court) => court.sign(claimsAt(NOW, { email: PERSON }));
  /** Attacks whose headers and claims lead to a host that counts who comes. */
  const lures = (court: Court): readonly Attack[] => {
    const { origin } = stranger;
    const claims = { iss: court.issuer, ...claimsAt(NOW) };
    const members = ['jku', 'x5u', 'jwk', 'kid', 'typ', 'cty', 'url', 'iss'].map((name) => ({
      [name]: `${origin}/keys`,
    }));
    const issuers = [origin, `${court.issuer}@${origin}`, `${origin}/${court.issuer}`].map((iss) => ({
      ...claims,
      iss,
    }));
    return [
      ...members.map((member) => court.signRaw(headerText(court, member), JSON.stringify(claims))),
      ...issuers.map((changed) => court.signRaw(headerText(court), JSON.stringify(changed))),
    ].map((text, at) => ({ row: 4, name: `lure ${at}`, text, code: 'unsupported_header' }));
  };

  /** The bytes of a refusal without the id of its decision, which stands in them. */
  const withoutId = ({ text }: Answer): string => {
    const [sentence = ''] = REFUSALS.exchange_refused.sentence.split('{decision}');
    const [, id] = /^(\d{14}-[0-9a-f]{16})$/.exec(JSON.parse(text).error_description.slice(sentence.length)) ?? [];
    assert.ok(id, text);
    return text.replaceAll(id, '<id>');
  };

  test('more than 500 tokens that somebody made to get in: none does, all are told the same, and nobody is called', async (t) => {
    const connect = t.mock.method(Socket.prototype, 'connect');
    const attacks = courts.flatMap((court) => [...CORPORA.flatMap((make) => make(court)), ...lures(court)]);
    const texts = [...new Set(attacks.map(({ text }) => text))].filter((text) => text !== '');
    const other: string[] = [];
    const bodies = new Set<string>();
    for (const [at, text] of texts.entries()) {
      const answer = await (at % 2 && text.isWellFormed() ? asJson(text) : exchange(server, text));
      // A request that is too large is no question about a token.
      if (answer.status === 413) continue;
      if (answer.status !== 400) other.push(`${answer.status} to ${text.slice(0, 80)}`);
      else bodies.add(`${withoutId(answer)} ${answer.headers['cache-control']} ${answer.headers['content-type']}`);
    }
    t.diagnostic(`${texts.length} attacks`);
    assert.ok(texts.length >= 500, `${texts.length}`);
    assert.deepEqual(other, []);
    assert.deepEqual([...bodies].length, 1, [...bodies].join('\n'));
    assert.equal(stranger.connections(), 0);
    const ports = new Set(connect.mock.calls.flatMap(({ arguments: [first] }) => portOf(first)));
    assert.deepEqual([...ports], [server.running.address.port], 'no connection but those to the server itself');

    for (const court of courts) assert.equal((await exchange(server, await genuine(court))).status, 200, court.alg);
  });

  const asJson = (subjectToken: string): Promise<Answer> =>
    server.ask('POST', '/api/oauth/token', {
      json: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: 'urn:pulumi:org:acme',
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        requested_token_type: 'urn:pulumi:token-type:access_token:organization',
        scope: '',
        expiration: 7200,
        subject_token: subjectToken,
      },
    });

  test('whatever is wrong is answered in the same bytes: organization, issuer, signature, time, policy, replay', async () => {
    // Another minute: of the attacks only the first ones were recorded, and these are to be found.
    clock.advance(60);
    const [court] = courts;
    assert.ok(court);
    const token = await genuine(court);
    const once = makeTrustedIssuer(
      NOW,
      { issuer: 'https://once.example', jwks: court.jwks as never, replay: 'once' },
      { policies: [{ ...MAIN, rules: {} }] },
    );
    await server.parts.trust.issuers.create(once);
    const used = court.signRaw(headerText(court), JSON.stringify({ ...claimsAt(NOW), iss: once.issuer, jti: 'used' }));
    assert.equal((await exchange(server, used)).status, 200);
    const answers = [
      await exchange(server, token, { audience: 'urn:pulumi:org:nobody' }),
      await exchange(server, token, { audience: 'urn:pulumi:org:umbrella' }),
      await exchange(server, await court.sign({ ...claimsAt(NOW), iss: 'https://nobody.example' })),
      await exchange(server, `${token.slice(0, -8)}AAAAAAAA`),
      await exchange(server, await court.sign(claimsAt(NOW - 1000))),
      await exchange(server, token, {
        requested_token_type: 'urn:pulumi:token-type:access_token:team',
        scope: 'team:ops',
      }),
      await exchange(server, used),
      await exchange(server, 'x'),
    ];
    const codes = (await server.ask('GET', '/api/orgs/acme/decisions?outcome=refused&pageSize=100', { as: 'admin' }))
      .json;
    const found = new Set(codes.decisions.map(({ code }: { code: string }) => code));
    for (const code of ['bad_signature', 'expired', 'policy_unmatched', 'replayed']) assert.ok(found.has(code), code);
    const headers = ({ headers: all }: Answer) =>
      Object.entries(all).filter(([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name));
    const seen = answers.map((answer) => JSON.stringify([answer.status, withoutId(answer), headers(answer)]));
    assert.deepEqual([...new Set(seen)].length, 1, [...new Set(seen)].join('\n'));
  });

  test('no token, and nothing of a personal claim, stands in the log, the audit log, the decisions or the metrics', async () => {
    const [court] = courts;
    assert.ok(court);
    const granted = await exchange(server, await genuine(court));
    assert.equal(granted.status, 200);
    await exchange(server, await genuine(court), { audience: 'urn:pulumi:org:umbrella' });
    await exchange(server, await genuine(court), {
      requested_token_type: 'urn:pulumi:token-type:access_token:runner',
      scope: 'runner:x',
    });
    const read = async (path: string) => (await server.ask('GET', path, { as: 'admin' })).text;
    const places = {
      log: server.log.join('\n'),
      audit: await read('/api/orgs/acme/audit?pageSize=100'),
      decisions: await read('/api/orgs/acme/decisions?pageSize=100'),
      metrics: await read('/metrics'),
    };
    assert.match(places.log, /an exchange was refused/);
    assert.match(places.audit, /token\.exchange/);
    assert.match(places.decisions, /"omitted":\["email"\]/);
    for (const [place, text] of Object.entries(places)) {
      assert.ok(!text.includes(PERSON), `a person in ${place}`);
      assert.doesNotMatch(text, /eyJ[\w-]{8,}/, `a token in ${place}`);
      assert.doesNotMatch(text, /rpa_\w{20}/, `an access token in ${place}`);
    }
    assert.ok(!Object.values(places).join().includes(granted.json.access_token));
  });
});

/** Where a call of `connect` leads: node normalizes its arguments into a list before it calls itself. */
const portOf = (first: unknown): readonly unknown[] => {
  const options = Array.isArray(first) ? first[0] : first;
  return [typeof options === 'object' && options !== null && 'port' in options ? Number(options.port) : options];
};

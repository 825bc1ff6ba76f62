import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REFUSALS } from '../../src/errors.ts';
import { DECISION_CODES, type DecisionCode } from '../../src/exchange/decision.ts';
import type { ExchangeQuestion } from '../../src/exchange/question.ts';
import { finishRun } from '../../src/flows/end-run.ts';
import { issueRunToken } from '../../src/flows/issue-run-token.ts';
import { startRun } from '../../src/flows/start-run.ts';
import type { TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import { type ExchangeWorld, FORGER, MAIN, makeExchangeWorld } from './exchange-world.ts';
import { ACME, PRINCIPALS, TARGET } from './world.ts';

type Asked = Partial<ExchangeQuestion>;
type Change = (world: ExchangeWorld) => Asked | Promise<Asked>;

/** One thing that is different from an exchange that is accepted, by the code that it is refused with. */
const CHANGES: Partial<
  Record<DecisionCode, readonly (Change | { issuer: Partial<TrustedIssuer>; change?: Change })[]>
> = {
  unknown_key: [async (world) => ({ subjectToken: await world.token({ header: { kid: 'nobody' } }) })],
  keys_unavailable: [{ issuer: { jwks: undefined as never, url: 'https://127.0.0.1:9' } }],
  bad_signature: [
    async (world) => ({ subjectToken: await world.token({ key: FORGER }) }),
    async (world) => ({ subjectToken: flip(await world.token()) }),
  ],
  missing_claim: [async (world) => ({ subjectToken: await world.token({ claims: { exp: undefined } }) })],
  malformed_claim: [
    async (world) => ({ subjectToken: await world.token({ claims: { exp: 'tomorrow' } }) }),
    async (world) => ({ subjectToken: await world.token({ claims: { sub: { repo: 'acme/app' } } }) }),
  ],
  expired: [
    async (world) => {
      const subjectToken = await world.token();
      world.clock.advance(330);
      return { subjectToken };
    },
  ],
  not_yet_valid: [
    async (world) => ({ subjectToken: await world.token({ claims: { iat: world.clock.seconds + 31 } }) }),
    async (world) => ({ subjectToken: await world.token({ claims: { nbf: world.clock.seconds + 31 } }) }),
  ],
  too_old: [
    {
      issuer: { maxTokenAge: 60 },
      change: async (world) => ({ subjectToken: await world.token({ claims: { iat: world.clock.seconds - 91 } }) }),
    },
  ],
  unknown_user: [
    async (world) => {
      await world.setPolicies([{ ...MAIN, tokenType: 'personal', userLogin: 'nobody' }]);
      return { tokenType: 'personal', name: 'nobody' };
    },
  ],
  unknown_team: [
    async (world) => {
      await world.setPolicies([{ ...MAIN, tokenType: 'team', teamName: '*' }]);
      return { tokenType: 'team', name: 'nobody' };
    },
  ],
  policy_denied: [
    async (world) => {
      await world.setPolicies([MAIN, { ...MAIN, decision: 'deny', rules: { ref: '*' } }]);
      return {};
    },
    async (world) => {
      await world.setPolicies([{ ...MAIN, decision: 'deny', rules: { ref: '*' } }, MAIN]);
      return {};
    },
  ],
  policy_unmatched: [
    async (world) => ({ subjectToken: await world.token({ claims: { ref: 'refs/heads/side' } }) }),
    () => ({ admin: true }),
    () => ({ tokenType: 'personal', name: 'bob' }),
    async (world) => {
      await world.setPolicies([]);
      return {};
    },
  ],
  policy_audit: [
    async (world) => {
      await world.setPolicies([MAIN], { mode: 'audit' });
      return {};
    },
  ],
  identity_changed: [
    async (world) => {
      await world.exchange();
      return { subjectToken: await world.token({ claims: { repository_id: '4712' } }) };
    },
  ],
  replayed: [
    {
      issuer: { replay: 'once' },
      change: async (world) => {
        const subjectToken = await world.token({ claims: { jti: 'a' } });
        await world.exchange({ subjectToken });
        return { subjectToken };
      },
    },
  ],
};

/** The same, where organization or issuer are not known: nothing of it may be stored. */
const STRANGERS: Partial<Record<DecisionCode, readonly Change[]>> = {
  malformed_token: [
    () => ({ subjectToken: 'no token' }),
    async (world) => ({ subjectToken: `${await world.token()}=` }),
  ],
  unsupported_header: [
    async (world) => ({ subjectToken: await world.token({ header: { jku: 'https://evil.example' } }) }),
  ],
  unsupported_algorithm: [
    async (world) => ({ subjectToken: await world.token({ header: { alg: 'HS256' }, key: Buffer.alloc(32) }) }),
  ],
  unknown_organization: [() => ({ organization: 'umbrella' })],
  unknown_issuer: [
    async (world) => ({ subjectToken: await world.token({ claims: { iss: 'https://ci.example.com/' } }) }),
    async (world) => ({ subjectToken: await world.token({ claims: { iss: '__proto__' } }) }),
  ],
};

/** Codes that only a trial reaches: an exchange finds the issuer by the very text that would be wrong. */
const NOT_HERE: readonly DecisionCode[] = ['wrong_issuer'];

const flip = (token: string): string => {
  const [header, payload, signature = ''] = token.split('.');
  return [header, payload, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join('.');
};

/** The sentence without the id that stands in it. */
const withoutId = (reason: { message: string; detail: Readonly<Record<string, unknown>> }): string =>
  reason.message.replace(String(reason.detail['decision']), '<id>');

const SENTENCE = REFUSALS.exchange_refused.sentence.replace('{decision}', '<id>');

describe('an exchange is refused', () => {
  for (const [code, changes] of Object.entries(CHANGES)) {
    for (const [at, change] of changes.entries()) {
      test(`with ${code} (${at + 1}), recorded for the administrator, and the caller learns nothing`, async () => {
        const { issuer = {}, change: ask = () => ({}) } = typeof change === 'function' ? { change } : change;
        const world = await makeExchangeWorld({ issuer });
        const asked = await ask(world);
        const reason = await world.refused(asked);
        assert.equal(withoutId(reason), SENTENCE);
        assert.deepEqual(
          [reason.status, reason.oauth, Object.keys(reason.detail)],
          [400, 'invalid_grant', ['decision']],
        );
        const decision = await world.decision(reason.detail['decision']);
        assert.deepEqual([decision?.code, decision?.outcome, decision?.grant], [code, 'refused', undefined]);
        assert.equal(world.exchanged.at(-1), code);
        const event = world.events.at(-1);
        assert.deepEqual(
          [event?.kind, event?.outcome, event?.code, event?.detail],
          ['token.exchange', 'refused', 'exchange_refused', { decision: reason.detail['decision'], reason: code }],
        );
      });
    }
  }

  for (const [code, changes] of Object.entries(STRANGERS)) {
    for (const [at, change] of changes.entries()) {
      test(`with ${code} (${at + 1}), and a stranger makes nothing be written but a line in the log`, async () => {
        const world = await makeExchangeWorld();
        const asked = await change(world);
        world.writes.length = 0;
        const reason = await world.refused(asked);
        assert.equal(withoutId(reason), SENTENCE);
        assert.deepEqual([world.writes, world.events, world.fetched], [[], [], []]);
        assert.equal(await world.decision(reason.detail['decision']), undefined);
        assert.equal(world.exchanged.at(-1), code);
        const fields = { decision: reason.detail['decision'], code };
        assert.deepEqual(world.logged, [{ message: 'an exchange was refused', fields }]);
      });
    }
  }

  test('with foreign_client where the client belongs to another organization, and only then', async () => {
    const world = await makeExchangeWorld();
    world.writes.length = 0;
    const reason = await world.refused({}, { clientOrganization: 'umbrella' });
    assert.deepEqual([withoutId(reason), world.exchanged, world.writes], [SENTENCE, ['foreign_client'], []]);
    await world.exchange({}, { clientOrganization: 'acme' });
  });

  test('with run_over where the token is one of ours and its run has ended; until then its access token names the run', async () => {
    const world = await makeExchangeWorld({ issuer: { issuer: 'https://id.example.com/oidc' } });
    const { run, requestToken } = await startRun(world.runParts, PRINCIPALS.admin, ACME, TARGET);
    const caller = { kind: 'run', requestToken: requestToken.reveal() } as const;
    const { token } = await issueRunToken(world.runParts, world.v1, {
      runId: run.id,
      requestToken: caller.requestToken,
    });
    const { subject } = run;
    const claims = {
      ...{ iss: world.v1.url, jti: token.jti, org: 'acme', deployment: String(subject.version) },
      ...{ project: subject.project.name, stack: subject.stack.name },
    };
    const made = await world.exchange({ subjectToken: await world.token({ claims }) });
    assert.equal((await world.holderOf(made))?.origin?.run, run.id);
    await finishRun({ ...world.runParts, audit: world.parts.audit }, caller, 'acme', run.id, 'succeeded');
    assert.equal(await world.refusalOf({ subjectToken: await world.token({ claims }) }), 'run_over');
    assert.equal(await world.holderOf(made), undefined, 'and the access token that came from it is dead');
  });

  test('with a code that the table knows: every one of them is reached here', () => {
    const reached = [CHANGES, STRANGERS].flatMap((table) => Object.keys(table));
    const here = new Set([...reached, 'foreign_client', 'run_over', ...NOT_HERE]);
    assert.deepEqual([...here].sort(), Object.keys(DECISION_CODES).sort());
  });

  test('with an id that says nothing: of a decision and of nothing they look alike', async () => {
    const world = await makeExchangeWorld();
    const known = await world.refused({ admin: true });
    const unknown = await world.refused({ organization: 'umbrella' });
    const shape = (reason: typeof known): string => String(reason.detail['decision']).replace(/[0-9a-f]/g, '0');
    assert.equal(shape(known), shape(unknown));
  });
});

describe('no audit record, no token', () => {
  test('the access token that could not be recorded is taken back before anybody sees it', async () => {
    const world = await makeExchangeWorld();
    world.state.auditFails = true;
    await assert.rejects(world.exchange(), /the audit log is full/);
    assert.deepEqual(await world.parts.accessTokens.list('acme'), []);
    assert.ok(
      world.writes.some((write) => write.startsWith('put access-token/')),
      'there was one',
    );
    assert.deepEqual(world.exchanged, [], 'and nothing was counted as granted');
  });

  test('a refusal stands even where its audit record cannot be written', async () => {
    const world = await makeExchangeWorld();
    world.state.auditFails = true;
    assert.equal(await world.refusalOf({ admin: true }), 'policy_unmatched');
  });

  test('the audit record of a grant names decision, token and holder, and is written when the token exists', async () => {
    const world = await makeExchangeWorld();
    const made = await world.exchange();
    const [entry] = await world.parts.accessTokens.list('acme');
    assert.deepEqual(world.events, [
      {
        kind: 'token.exchange',
        organization: 'acme',
        actor: `issuer:${world.trusted.id}`,
        outcome: 'granted',
        detail: {
          decision: made.decision,
          token: entry?.id,
          holder: 'organization:acme',
          sub: 'repo:acme/app:ref:refs/heads/main',
          expires: world.clock.seconds + 7200,
        },
      },
    ]);
    assert.equal(await world.parts.issuers.lastUsed(world.trusted), world.clock.seconds);
  });
});

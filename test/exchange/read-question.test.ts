import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal, type RefusalCode } from '../../src/errors.ts';
import { readExchangeQuestion } from '../../src/exchange/read-question.ts';

/** What the command line sends: all seven fields, the scope perhaps empty. */
const FORM = {
  audience: 'urn:pulumi:org:acme',
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  requested_token_type: 'urn:pulumi:token-type:access_token:organization',
  scope: '',
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  subject_token: 'a.b.c',
  expiration: '7200',
};
const PREFIX = 'urn:pulumi:token-type:access_token:';

const refuses = (change: Readonly<Record<string, unknown>>, code: RefusalCode, message: RegExp): void => {
  assert.throws(
    () => readExchangeQuestion({ ...FORM, ...change }),
    (reason) => reason instanceof Refusal && reason.code === code && message.test(reason.message),
    JSON.stringify(change),
  );
};

test('a complete request is read as it was asked', () => {
  assert.deepEqual(readExchangeQuestion(FORM), {
    organization: 'acme',
    tokenType: 'organization',
    admin: false,
    scope: '',
    requestedTokenType: `${PREFIX}organization`,
    subjectToken: 'a.b.c',
    expiration: 7200,
  });
});

test('a request without scope and expiration, or with null and empty ones, asks for the default', () => {
  const { scope, expiration, ...rest } = FORM;
  const nothing = readExchangeQuestion(rest);
  assert.equal(nothing.scope, '');
  assert.equal('expiration' in nothing, false);
  for (const empty of [null, '', undefined]) {
    assert.deepEqual(readExchangeQuestion({ ...rest, scope: empty, expiration: empty }), nothing);
  }
});

test('each kind of token has its scope, and the name in it', () => {
  const ask = (type: string, scope: string) =>
    readExchangeQuestion({ ...FORM, requested_token_type: PREFIX + type, scope });
  assert.deepEqual([ask('organization', 'admin').admin, ask('organization', 'admin').scope], [true, 'admin']);
  assert.deepEqual([ask('team', 'team:ops').name, ask('team', 'team:ops').admin], ['ops', false]);
  assert.equal(ask('personal', 'user:alice').name, 'alice');
  assert.equal(ask('runner', 'runner:pool-1').name, 'pool-1');
  assert.equal(ask('runner', 'runner:pool-1').scope, 'runner:pool-1');
});

test('a scope of another kind, two scopes, or a name that nobody can have is refused, and told what to send', () => {
  const type = (requested: string) => ({ requested_token_type: PREFIX + requested });
  refuses({ scope: 'team:ops' }, 'invalid_scope', /^scope: for an organization token send nothing, or "admin"$/);
  refuses({ scope: 'admin admin' }, 'invalid_scope', /organization/);
  refuses(
    { ...type('team'), scope: '' },
    'invalid_scope',
    /^scope: for a team token send "team:<name>", with one name$/,
  );
  refuses({ ...type('team'), scope: 'user:ops' }, 'invalid_scope', /team:/);
  refuses({ ...type('team'), scope: 'team:' }, 'invalid_scope', /1 to 100 characters/);
  refuses({ ...type('team'), scope: 'team:a team:b' }, 'invalid_scope', /1 to 100 characters/);
  refuses({ ...type('team'), scope: 'team:a,team:b' }, 'invalid_scope', /1 to 100 characters/);
  refuses({ ...type('team'), scope: 'admin' }, 'invalid_scope', /team:/);
  refuses({ ...type('personal'), scope: 'alice' }, 'invalid_scope', /user:/);
  refuses({ ...type('personal'), scope: 'user:..' }, 'invalid_scope', /must not be/);
  refuses({ ...type('runner'), scope: 'team:pool' }, 'invalid_scope', /runner:/);
});

test('another grant, and no grant, are told apart', () => {
  refuses({ grant_type: 'refresh_token' }, 'unsupported_grant_type', /token-exchange/);
  refuses({ grant_type: ` ${FORM.grant_type}` }, 'unsupported_grant_type', /token-exchange/);
  refuses({ grant_type: '' }, 'invalid_request', /^grant_type: is missing; send urn:/);
});

test('an audience that names no organization is refused', () => {
  for (const audience of [
    'acme',
    'urn:pulumi:org:',
    'urn:pulumi:org:Acme',
    'urn:pulumi:org:acme:x',
    'URN:pulumi:org:acme',
  ]) {
    refuses({ audience }, 'invalid_target', /^audience: /);
  }
  refuses({ audience: 'urn:pulumi:org:a*' }, 'invalid_target', /the organization's name must be/);
});

test('a missing or misshapen parameter is named', () => {
  for (const field of ['audience', 'subject_token', 'subject_token_type', 'requested_token_type']) {
    refuses({ [field]: undefined }, 'invalid_request', new RegExp(`^${field}: is missing; send `));
    refuses({ [field]: ['x'] }, 'invalid_request', new RegExp(`^${field}: must be a text$`));
    refuses({ [field]: 7 }, 'invalid_request', new RegExp(`^${field}: must be a text$`));
  }
  refuses({ scope: false }, 'invalid_request', /^scope: must be a text$/);
  const jwt = 'urn:ietf:params:oauth:token-type:jwt';
  refuses({ subject_token_type: jwt }, 'invalid_request', /^subject_token_type: must be urn:.*id_token$/);
  for (const type of ['organisation', 'Organization', 'organization ', '']) {
    refuses({ requested_token_type: PREFIX + type }, 'invalid_request', /^requested_token_type: must be urn:.* one of/);
  }
});

test('an expiration is whole seconds, as text or number, one at least', () => {
  const of = (expiration: unknown) => readExchangeQuestion({ ...FORM, expiration }).expiration;
  assert.deepEqual([of(3600), of('3600'), of(1), of('9999999999')], [3600, 3600, 1, 9_999_999_999]);
  for (const expiration of [
    0,
    '0',
    -1,
    '-1',
    1.5,
    '1.5',
    '1e3',
    1e21,
    10_000_000_000,
    '10000000000',
    ' 1',
    '1h',
    true,
    {},
  ]) {
    refuses({ expiration }, 'invalid_request', /^expiration: must be whole seconds/);
  }
});

test('whatever is wrong with the subject token is not judged here, and unknown parameters mean nothing', () => {
  const unknown = { actor_token: 'x', resource: ['a', 'b'], refresh_token: 1, constructor: 'y' };
  assert.deepEqual(
    readExchangeQuestion({ ...FORM, ...unknown, subject_token: 'not a token' }),
    readExchangeQuestion({ ...FORM, subject_token: 'not a token' }),
  );
});

test('whatever is sent, the answer is a question or a refusal that shows no part of the subject token', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom(...Object.values(FORM)), fc.jsonValue());
  const field = fc.constantFrom(...Object.keys(FORM));
  fc.assert(
    fc.property(fc.dictionary(field, value), (change) => {
      const subjectToken = 'THE.SUBJECT.TOKEN';
      try {
        const question = readExchangeQuestion({ ...FORM, ...change, subject_token: subjectToken });
        assert.match(question.organization, /^[a-z0-9][a-z0-9_-]+$/);
      } catch (reason) {
        assert.ok(reason instanceof Refusal, String(reason));
        assert.doesNotMatch(reason.message, /THE\.SUBJECT/);
      }
    }),
  );
});

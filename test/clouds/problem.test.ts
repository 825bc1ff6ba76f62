import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudProblem, explain, hintOf, isPassing, refusedBy, scrub } from '../../src/clouds/problem.ts';
import { Secret } from '../../src/secret.ts';
import { TOKEN } from './refused.ts';

const token = new Secret(TOKEN);
const [header = '', claims = '', signature = ''] = TOKEN.split('.');
const WORDS = { claims: 'the claims', project: 'the number', shorten: 'shorten it' };
const refused = (message: string, code?: string, status = 400) =>
  refusedBy('The cloud', { status, text: '' }, { code, message }, [[/role/, 'Check the role.']], [token]);

describe('what a cloud says when it refuses', () => {
  test('becomes a sentence with the cloud, the status, its code and its message, and a hint where one is known', () => {
    const said = 'The cloud refused the login (HTTP 403, NoRole): no such role.';
    const problem = refused('no such role', 'NoRole', 403);
    assert.deepEqual([problem.message, problem.hint], [said, 'Check the role.']);
    assert.equal(explain(problem, WORDS), `${said} Check the role.`);
    assert.equal(explain(refused('Something else!'), WORDS), refused('Something else!').message);
    assert.equal(refused('Something else!').message, 'The cloud refused the login (HTTP 400): Something else!');
    assert.equal(refused('').message, 'The cloud refused the login (HTTP 400).');
    assert.deepEqual([refused('', 'NoRole').status, refused('', 'NoRole').code], [400, 'NoRole']);
  });

  test('is explained in the words of whoever asked', () => {
    const hint = 'Compare {claims} with {project}; {shorten}, not {this}.';
    assert.equal(
      hintOf(new CloudProblem('No.', { hint }), WORDS),
      'Compare the claims with the number; shorten it, not {this}.',
    );
    assert.equal(hintOf(new CloudProblem('No.'), WORDS), undefined);
  });

  test('passes where the cloud is busy or was not reached, and nowhere else', () => {
    for (const [status, code, passes] of [
      [undefined, undefined, true],
      [429, undefined, true],
      [500, undefined, true],
      [503, 'ServiceUnavailable', true],
      [400, 'Throttling', true],
      [400, 'ThrottlingException', true],
      [400, 'IDPCommunicationError', true],
      [400, 'InvalidIdentityToken', false],
      [403, 'AccessDenied', false],
      [401, undefined, false],
      [200, undefined, false],
    ] as const) {
      const about = { code, ...(status !== undefined && { status }) };
      assert.equal(isPassing(new CloudProblem('No.', about)), passes, `${status} ${code}`);
    }
  });

  test('never shows what was sent, neither whole nor in parts', () => {
    for (const echo of [TOKEN, header, claims, signature, `${header}.${claims}`, `"${TOKEN}"`, encodeURI(TOKEN)]) {
      const { message } = refused(`bad token ${echo} here`);
      for (const part of [header, claims, signature]) assert.ok(!message.includes(part), message);
      assert.match(message, /bad token "?\[secret\]/);
    }
    const password = new Secret('short');
    assert.equal(scrub('the password short is wrong', [password]), 'the password [secret] is wrong');
    assert.equal(scrub('nothing to hide', [new Secret('')]), 'nothing to hide');
  });

  test('never shows what looks like a token, also one that was not sent', () => {
    assert.equal(scrub(`got ${TOKEN.slice(0, 40)}`, []), 'got [secret]');
    assert.equal(scrub(`got ${'A1b2'.repeat(16)} here`, []), 'got [secret] here');
    const names = 'projects/123/locations/global/workloadIdentityPools/the-pool/providers/the-provider-of-the-pool';
    assert.equal(scrub(names, []), names);
  });

  test('is one line of at most 300 characters, and hides before it cuts', () => {
    assert.equal(scrub('a\r\n\tb\u0000c\u001b[31m', []), 'a b c [31m');
    assert.equal(scrub('word '.repeat(100), []).length, 300);
    const cut = scrub(`${'x '.repeat(145)}${TOKEN}`, [token]);
    assert.ok(!cut.includes(header.slice(0, 8)), cut);
  });

  test('shows a code only where it can be one', () => {
    for (const code of [TOKEN, 'two words', '', 'a\nb', 'x'.repeat(65)]) {
      assert.equal(refused('no', code).message, 'The cloud refused the login (HTTP 400): no.');
      assert.equal(refused('no', code).code, undefined);
    }
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { BASE, DEV_PATH, openEnvironmentDoor } from '../environment-door.ts';
import { assertPublished, skipOpenApi } from '../environment-openapi.ts';
import { assertRefused } from './answers.ts';

const YAML = 'values:\n  # kept\n  password: { fn::secret: hunter2 }\n  greeting: hello\n';
const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

describe('/api/esc/environments/{org}/{project}/{env}', () => {
  let door: Awaited<ReturnType<typeof openEnvironmentDoor>>;
  beforeEach(async () => {
    door = await openEnvironmentDoor();
  });
  afterEach(() => door.stop());

  test('every answer here is compared with the published document', { skip: skipOpenApi }, async () => {
    const made = await door.make();
    const list = await door.call('GET', `${BASE}/acme`);
    const wrong = { environments: [{ organization: 'acme' }] };
    assert.throws(() => assertPublished('POST', `${BASE}/acme`, { ...made, status: 200 }));
    assert.throws(() => assertPublished('GET', `${BASE}/acme`, { ...list, json: wrong }));
    assert.throws(() => assertPublished('GET', `${BASE}/acme/nothing`, list));
  });

  test('what is created is there, empty, and read with a tag and the number of its revision', async () => {
    const made = await door.make();
    assert.deepEqual([made.status, made.text], [204, '']);
    const read = await door.call('GET', DEV_PATH);
    assert.deepEqual([read.status, read.text], [200, '']);
    assert.match(String(read.headers.etag), new RegExp(`^"${ID}:1"$`));
    assert.equal(read.headers['pulumi-esc-revision'], '1');
    assert.equal(read.headers['content-type'], 'application/x-yaml');
    assert.equal(read.headers['cache-control'], 'no-store');
    const head = await door.call('HEAD', DEV_PATH);
    assert.deepEqual([head.status, head.headers.etag, head.text], [200, read.headers.etag, '']);
  });

  test('an environment is created once, by a name that can be', async () => {
    await door.make();
    assertRefused(await door.make(), 'environment_exists');
    assertRefused(await door.make('a:b'), 'invalid_name', /^name: /);
    const inYaml = await door.call('POST', `${BASE}/acme`, { as: 'admin', json: { project: 'yaml', name: 'x' } });
    assertRefused(inYaml, 'invalid_name', /^project: /);
    for (const json of [{ project: 'core' }, { project: 'core', name: 5 }, { project: 'core', name: 'x', more: 1 }]) {
      assertRefused(await door.call('POST', `${BASE}/acme`, { json }), 'invalid_request');
    }
  });

  test('a definition is stored with its comments, and its secrets are ciphertexts', async () => {
    await door.make();
    const saved = await door.save(YAML);
    assert.equal(saved.status, 200, saved.text);
    assert.deepEqual(saved.json, { diagnostics: [] });
    assert.equal(saved.headers['pulumi-esc-revision'], '2');
    const read = await door.call('GET', DEV_PATH);
    assert.equal(read.headers.etag, saved.headers.etag);
    assert.match(read.text, /# kept/);
    assert.match(read.text, /fn::secret: \{ciphertext: [A-Za-z0-9+/=]+\}/);
    assert.doesNotMatch(read.text, /hunter2/);
    const decrypted = await door.call('GET', `${DEV_PATH}/decrypt`);
    assert.deepEqual([decrypted.status, decrypted.text], [200, YAML]);
    assert.equal(decrypted.headers.etag, read.headers.etag, 'what was decrypted is edited and sent back');
    assert.equal(decrypted.headers['cache-control'], 'no-store');
    assert.doesNotMatch(door.log() + JSON.stringify(door.events), /hunter2/);
  });

  test('a change of an older revision is a conflict, in whichever header the tag comes', async () => {
    await door.make();
    const { etag } = (await door.call('GET', DEV_PATH)).headers;
    const first = await door.save('values: { a: 1 }', String(etag));
    assert.equal(first.status, 200, first.text);
    const weak = `W/${first.headers.etag}`;
    for (const headers of [
      { etag: String(etag) },
      { 'if-match': String(etag) },
      { etag: String(first.headers.etag), 'if-match': String(etag) },
      { etag: '"2"' },
      { etag: 'nonsense' },
      { etag: String(first.headers.etag).replace(/[0-9a-f]{8}/, '00000000') },
    ]) {
      assertRefused(await door.save('values: { a: 2 }', undefined, { headers }), 'conflict');
    }
    assert.equal((await door.call('GET', DEV_PATH)).text, 'values: { a: 1 }');
    assert.equal((await door.save('values: { a: 3 }', weak)).status, 200, 'a proxy may weaken a tag');
    for (const headers of [{ 'if-match': '*' }, {}]) {
      assert.equal((await door.save('values: { a: 4 }', undefined, { headers })).status, 200);
    }
  });

  test('of 20 changes of one revision exactly one is made', async () => {
    await door.make();
    const etag = String((await door.call('GET', DEV_PATH)).headers.etag);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => door.save(`values: { a: ${at} }`, etag)));
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const lost of answers.filter((answer) => answer !== won[0])) assertRefused(lost, 'conflict');
    const read = await door.call('GET', DEV_PATH);
    assert.equal(read.headers.etag, won[0]?.headers.etag);
    assert.equal(read.headers['pulumi-esc-revision'], '2');
  });

  test('of 20 changes of whatever is there each is a revision of its own', async () => {
    await door.make();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => door.save(`values: { a: ${at} }`)));
    const numbers = answers.map(({ headers }) => Number(headers['pulumi-esc-revision']));
    assert.deepEqual(
      numbers.sort((left, right) => left - right),
      Array.from({ length: 20 }, (_, at) => at + 2),
    );
  });

  test('a definition with an error changes nothing, and every problem is answered with its place', async () => {
    await door.make();
    await door.save('values: { a: 1 }');
    const wrong = await door.save('values:\n  a: { fn::missing: 1 }\n  c: { fn::nothing: 1 }\n');
    assert.equal(wrong.status, 400);
    const { diagnostics, requestId, message, ...rest } = wrong.json;
    assert.deepEqual(rest, { code: 400, refusal: 'definition_invalid' });
    assert.equal(requestId, wrong.headers['x-request-id']);
    assert.match(message, /diagnostics/);
    assert.ok(diagnostics.length >= 2, wrong.text);
    for (const { summary, range, severity } of diagnostics) {
      assert.ok(summary.length > 0 && range.begin.line > 0);
      assert.equal(severity, undefined, 'no severity is an error');
    }
    assert.equal(wrong.headers['cache-control'], 'no-store');
    assert.match(door.log(), /"refusal":"definition_invalid"/);
    assert.equal((await door.call('GET', DEV_PATH)).text, 'values: { a: 1 }');
    for (const text of ['a: [', 'just text', 'values: { s: { fn::secret: [1] } }']) {
      assert.equal((await door.save(text)).json.refusal, 'definition_invalid', text);
    }
    assert.equal((await door.call('GET', DEV_PATH)).headers['pulumi-esc-revision'], '2');
  });

  test('warnings come with the revision that was made', async () => {
    await door.make();
    const saved = await door.save('values: { a: 1 }\nvalue: {}\n');
    assert.equal(saved.status, 200, saved.text);
    const [{ severity, summary }, ...more] = saved.json.diagnostics;
    assert.deepEqual([severity, more], ['warning', []]);
    assert.match(summary, /value/);
    assert.equal(saved.headers['pulumi-esc-revision'], '2');
  });

  test('a definition of 1 MiB is taken, and a byte more is refused', async () => {
    await door.make();
    const head = 'values: { a: 1 }\n#';
    const most = head + 'x'.repeat(1024 * 1024 - head.length);
    assert.equal((await door.save(most)).status, 200);
    assertRefused(await door.save(`${most}x`), 'body_too_large', /1048576/);
  });

  test('a definition that its ciphertexts make larger than 1 MiB is refused with both numbers, and nothing is saved', async () => {
    await door.make();
    const head = 'values: { s: { fn::secret: x } }\n#';
    const saved = await door.save(head + 'x'.repeat(1024 * 1024 - head.length));
    assertRefused(
      saved,
      'invalid_request',
      /^The definition has 10\d{5} bytes with its secrets encrypted, and 1048576 is the most/,
    );
    assert.equal((await door.call('GET', DEV_PATH)).text, '');
    assert.deepEqual(door.trace(), ['environment.create granted', 'environment.update refused invalid_request']);
  });

  test('what is deleted is gone, and a new one of its name takes no change that was made of it', async () => {
    await door.make();
    const saved = await door.save('values: { a: 1 }');
    const deleted = await door.call('DELETE', DEV_PATH, { as: 'owner' });
    assert.deepEqual([deleted.status, deleted.text], [204, '']);
    assertRefused(await door.call('GET', DEV_PATH), 'environment_not_found');
    assertRefused(await door.call('DELETE', DEV_PATH, { as: 'owner' }), 'environment_not_found');
    await door.make();
    await door.save('values: { b: 1 }');
    assertRefused(await door.save('values: { a: 2 }', String(saved.headers.etag)), 'conflict');
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from './runpass.ts';

describe('runpass keys export for issuers that clouds cannot reach', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
    await place.serve();
  });
  after(() => place.remove());

  const answer = async (...args: readonly string[]) => {
    const { stdout, stderr, status } = await place.run(args);
    assert.equal(status, 0, stderr);
    return { stdout };
  };

  test('it writes what is published as files, says how to upload them, and finds what is stale', async () => {
    const { stdout } = await answer('keys', 'export', '--static', 'public', '--upload', 's3://keys.example.com');
    const [discovery, jwks] = ['openid-configuration', 'jwks'].map((file) => `public/oidc/.well-known/${file}`);
    assert.deepEqual(stdout.split('\n').slice(0, 3), [
      discovery,
      jwks,
      `aws s3 cp ${discovery} s3://keys.example.com/oidc/.well-known/openid-configuration --content-type application/json --cache-control 'public, max-age=300'`,
    ]);
    const { issuer, jwks_uri: at } = JSON.parse(readFileSync(join(place.folder, discovery ?? ''), 'utf8'));
    assert.deepEqual([issuer, at], [`${place.url}/oidc`, `${place.url}/oidc/.well-known/jwks`]);
    assert.equal(
      readFileSync(join(place.folder, jwks ?? ''), 'utf8'),
      await (await fetch(`${place.url}/oidc/.well-known/jwks`)).text(),
    );
    assert.match((await answer('keys', 'export', '--verify', `${place.url}/oidc`)).stdout, /has the keys that sign/);
    const other = await place.run(['keys', 'export', '--verify', `${place.url}/oidc/v2`]);
    assert.deepEqual([other.status, /another "issuer" than the key ring/.test(other.stderr)], [1, true]);
    const missing = await place.run(['keys', 'export', '--verify', `${place.url}/nowhere`]);
    assert.match(missing.stderr, /answers 404/);
    const wrong = await place.run(['keys', 'export', '--static', 'public', '--upload', 'ftp://x']);
    assert.match(wrong.stderr, /--upload takes s3:/);
    assert.equal((await place.run(['keys', 'export', '--upload', 's3://keys'])).status, 2);
  });
});

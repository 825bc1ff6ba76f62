import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountedTokenFiles } from '../../src/cli/commands/agent/mounted-token.ts';

test('the token stands in the mounted folder, where there is one and one deployment at a time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-mounted-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual(await mountedTokenFiles(1, folder), [`${folder}/pulumi.oidc`]);
  assert.deepEqual(await mountedTokenFiles(2, folder), []);
  assert.deepEqual(await mountedTokenFiles(1, join(folder, 'not-there')), []);
  writeFileSync(join(folder, 'file'), '');
  assert.deepEqual(await mountedTokenFiles(1, join(folder, 'file')), []);
});

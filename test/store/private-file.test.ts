import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPrivateFile, readPrivateFile, replacePrivateFile } from '../../src/store/private-file.ts';

test('a private file is its owner’s only, also where somebody left an open file in the way', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'runpass-private-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'secret');
  assert.equal(await createPrivateFile(path, 'one'), true);
  assert.equal(await createPrivateFile(path, 'two'), false);
  writeFileSync(`${path}.new`, 'left behind');
  chmodSync(`${path}.new`, 0o666);
  await replacePrivateFile(path, 'three');
  assert.equal(readFileSync(path, 'utf8'), 'three');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await readPrivateFile(path), 'three');
  chmodSync(path, 0o644);
  await assert.rejects(readPrivateFile(path), /open to other users; close it with: chmod 600/);
});

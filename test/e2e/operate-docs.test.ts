import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMetrics } from '../../src/http/metrics.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');

test('docs/operate.md names every metric, and no metric that does not exist', async () => {
  const none = () => 0;
  const metrics = openMetrics({
    rings: () => [],
    clockOffsetSeconds: none,
    auditHeadAgeSeconds: none,
    unrecordedRefusals: none,
    unrecordedDecisions: none,
    inFlight: none,
  });
  const { text } = await metrics.render();
  const exposed = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name);
  const described = [...PAGE.matchAll(/^\| `(runpass_\w+)/gm)].map(([, name = '']) => name);
  assert.ok(exposed.length > 10);
  assert.deepEqual(described.sort(), exposed.sort());
});

test('docs/operate.md names the limits of the HTTP edge as the code has them', () => {
  const source = readFileSync(join(import.meta.dirname, '../../src/http/server.ts'), 'utf8');
  for (const [field, written] of Object.entries({
    'maxHeaderBytes: 8 * 1024': '| headers | 8 KiB |',
    'headersTimeoutMs: 5_000': '| time for the headers | 5 s |',
    'requestsPerSocket: 1_000': '| requests on one connection | 1000 |',
    'keepAliveTimeoutMs: 65_000': '| an idle connection | 65 s |',
  })) {
    assert.ok(source.includes(field), field);
    assert.ok(PAGE.includes(written), written);
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DECISION_CODES } from '../../src/exchange/decision.ts';
import { differences, tableRows } from '../house/texts.ts';

test('every decision code is explained in docs/exchange.md, and nothing else is', () => {
  const text = readFileSync(new URL('../../docs/exchange.md', import.meta.url), 'utf8');
  const [, section = ''] = /^### Decision codes\n([\s\S]*?)(?=^#)/m.exec(text) ?? [];
  const documented = tableRows(section).map(([code = '']) => code);
  assert.equal(new Set(documented).size, documented.length);
  assert.deepEqual(
    differences(
      { name: 'src/exchange/decision.ts', items: Object.keys(DECISION_CODES) },
      { name: 'docs/exchange.md', items: documented },
    ),
    [],
  );
});

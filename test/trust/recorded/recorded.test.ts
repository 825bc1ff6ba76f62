import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type KubernetesAnswer, kubernetesDifference } from './kubernetes-answers.ts';
import { ON_PURPOSE, type Question } from './questions.ts';
import { readRecorded, recordedAt, writeRecorded } from './recorded.ts';
import { type VaultAnswer, vaultDifference } from './vault-answers.ts';

/** Documents of ours, with what Vault and the API server said of them: `npm run interop -- --record` asks them again. */
const replay = <Answer>(
  party: 'vault' | 'kubernetes',
  difference: (asked: Question, answer: Answer) => string | undefined,
): void => {
  const text = readFileSync(recordedAt(party), 'utf8');
  const recorded = readRecorded<Answer>(party, text);

  test(`admits and refuses what the real one does, for the same reason: ${recorded.length} questions`, () => {
    for (const { asked, answer } of recorded) {
      const found = difference(asked, answer);
      if (!found?.startsWith(ON_PURPOSE)) assert.equal(found, undefined, JSON.stringify(asked));
    }
  });

  test('is written down as it is read', () => {
    assert.ok(recorded.length >= 300);
    assert.equal(`${recorded.map((one) => writeRecorded(party, one)).join('\n')}\n`, text);
  });
};

describe('recorded: Vault', () => replay<VaultAnswer>('vault', vaultDifference));
describe('recorded: Kubernetes', () => replay<KubernetesAnswer>('kubernetes', kubernetesDifference));

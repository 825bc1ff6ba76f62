import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { GOOGLE_REASONS } from '../../src/trust/google/reasons.ts';
import { KUBERNETES_REASONS } from '../../src/trust/kubernetes/reasons.ts';
import { OWN_REASONS } from '../../src/trust/own/reasons.ts';
import { recognise } from '../../src/trust/recognise.ts';
import { VAULT_REASONS } from '../../src/trust/vault/reasons.ts';
import { isUnusable } from '../../src/trust/verdict.ts';
import { type CorpusCase, readCorpus, textOf } from './corpus/corpus.ts';
import { OURS, presentedBy } from './presented.ts';

const PARTIES = ['google', 'vault', 'kubernetes', 'runpass'] as const;
const broken = PARTIES.flatMap((party) => readCorpus(party, 'broken'));

/** What people, and others, write where something else belongs. */
const anything = fc.oneof(
  fc.constantFrom(null, true, '', 'x', 0, -1, 1e21, [], {}, [''], [[]], '*', '${', '((', 'claims', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Puts a value somewhere into a document; `steps` choose where. */
const withAt = (value: unknown, [step = 0, ...steps]: readonly number[], instead: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return instead;
  const keys = Object.keys(value);
  const key = keys[step % (keys.length + 1)];
  if (key === undefined || steps.length === 0) return Array.isArray(value) ? [...value, instead] : instead;
  const members = value as Readonly<Record<string, unknown>>;
  const next = withAt(members[key], steps, instead);
  return Array.isArray(value) ? value.with(Number(key), next) : { ...members, [key]: next };
};

const documentOf = (one: CorpusCase): unknown => {
  try {
    return parse(textOf(one));
  } catch {
    return {};
  }
};

describe('whatever stands in a document', () => {
  test('nothing is thrown: there is a verdict, or it is unusable at a place', () => {
    const steps = fc.array(fc.nat(20), { minLength: 1, maxLength: 7 });
    const property = fc.property(fc.constantFrom(...broken), steps, anything, (one, where, instead) => {
      const recognised = recognise(JSON.stringify(withAt(documentOf(one), where, instead)));
      if (isUnusable(recognised)) {
        assert.ok(recognised.line >= 1 && recognised.column >= 1 && recognised.problem !== '');
        return;
      }
      const { allowed, reasons } = recognised.document.evaluate(presentedBy(one.presented), OURS);
      assert.equal(allowed, reasons.length === 0);
    });
    fc.assert(property, { numRuns: 400 });
  });

  test('claims may be anything, too', () => {
    const claims = fc.dictionary(fc.constantFrom('sub', 'aud', 'org', 'iat', 'exp', 'Sub', 'project'), anything);
    const property = fc.property(fc.constantFrom(...broken), claims, (one, given) => {
      const recognised = recognise(textOf(one));
      if (isUnusable(recognised)) return;
      const { allowed, reasons } = recognised.document.evaluate(presentedBy({ ...one.presented, claims: given }), OURS);
      assert.equal(allowed, reasons.length === 0);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('the corpus', () => {
  const denied = new Set(broken.flatMap((one) => one.denied ?? []));
  const tables = { ...GOOGLE_REASONS, ...VAULT_REASONS, ...KUBERNETES_REASONS, ...OWN_REASONS };
  /** Codes that no document alone brings about. */
  const elsewhere = ['google_claim_missing', 'vault_claim_name_folds'];

  test('has a document for every reason', () => {
    const missing = Object.keys(tables).filter((code) => !denied.has(code) && !elsewhere.includes(code));
    assert.deepEqual(missing, []);
  });

  test('and names no reason that is in no table', () => {
    assert.deepEqual(
      [...denied].filter((code) => !Object.hasOwn(tables, code)),
      [],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AWS_REASONS } from '../../src/trust/aws/finding.ts';
import { ENTRA_REASONS } from '../../src/trust/entra/evaluate.ts';
import { runContext } from '../../src/trust/generate/contexts.ts';
import { GOOGLE_REASONS } from '../../src/trust/google/reasons.ts';
import { KUBERNETES_REASONS } from '../../src/trust/kubernetes/reasons.ts';
import { mutations } from '../../src/trust/mutations.ts';
import { OWN_REASONS } from '../../src/trust/own/reasons.ts';
import { recognise } from '../../src/trust/recognise.ts';
import { VAULT_REASONS } from '../../src/trust/vault/reasons.ts';
import { isUnusable } from '../../src/trust/verdict.ts';
import { type Block, FACTS, generatedFor, isGeneratedFor, readPages } from './relying-party-pages.ts';

const REASONS: Readonly<Record<string, object>> = {
  aws: AWS_REASONS,
  azure: ENTRA_REASONS,
  google: GOOGLE_REASONS,
  vault: VAULT_REASONS,
  kubernetes: KUBERNETES_REASONS,
  runpass: OWN_REASONS,
};

/** `trust: v1 acme, any operation, warned CODE`: who is admitted, what he may differ in, and of what one is warned. */
const readMark = ({ marked }: Block) => {
  const [, named, audience = '', open, warned] =
    /^trust: (v[12]) ([^\s,]+)(?:, any ([a-z ]+))?(?:, warned (\w+))?$/.exec(marked) ?? [];
  const issuer = (['v1', 'v2'] as const).find((known) => known === named);
  return issuer && { issuer, audience, open: open?.split(' and ') ?? [], warned: warned === undefined ? [] : [warned] };
};

const presented = (issuer: 'v1' | 'v2', audience: string) => {
  const [stack] = FACTS.stacks;
  assert.ok(stack);
  const organization = { id: FACTS.organizationId, name: FACTS.organization };
  const run = { organization, project: stack.project, stack, operation: 'update' } as const;
  return runContext(FACTS, { issuer, audience }, run).presented;
};

const PAGES = readPages();

test('there is a page for each relying party', () => {
  assert.deepEqual(PAGES.map(({ party }) => party).sort(), Object.keys(REASONS).sort());
});

for (const { party, text, blocks } of PAGES) {
  describe(`docs/relying-parties/${party}.md`, () => {
    const documents = blocks.filter(readMark);
    test('shows a document', () => assert.ok(documents.length > 0));

    for (const [index, block] of documents.entries()) {
      test(`document ${index + 1} admits whom it says, with no other warning, and refuses everybody who differs`, () => {
        const mark = readMark(block);
        assert.ok(mark);
        const recognised = recognise(block.text);
        assert.ok(!isUnusable(recognised), 'problem' in recognised ? recognised.problem : '');
        assert.equal(recognised.party, party);
        const who = presented(mark.issuer, mark.audience);
        const { allowed, reasons, warnings } = recognised.document.evaluate(who, FACTS);
        assert.deepEqual([allowed, reasons, warnings.map(({ code }) => code)], [true, [], mark.warned]);
        const others = mutations(who).filter(({ field }) => !mark.open.includes(field));
        assert.ok(others.length >= 5);
        for (const other of others) {
          const admitted = recognised.document.admits(other.presented, who);
          assert.equal(admitted, false, `${other.field} ${JSON.stringify(other.presented.claims)}`);
        }
      });
    }

    test('every code of a reason that it names exists', () => {
      const named = [...text.matchAll(new RegExp(`\`(${party}_\\w+)\``, 'g'))].map(([, code = '']) => code);
      assert.ok(named.length >= 3);
      const known = Object.keys(REASONS[party] ?? {});
      assert.deepEqual(
        named.filter((code) => !known.includes(code)),
        [],
      );
    });

    if (!isGeneratedFor(party)) return;
    const generated = generatedFor(party);
    test('its commands and files are what is generated today', () => {
      const marked = (mark: string) => blocks.find((block) => block.marked === mark)?.text.trim();
      assert.equal(marked('generated: commands'), generated.install.join('\n'));
      for (const { name, content } of generated.files) assert.equal(marked(`generated: ${name}`), content.trim(), name);
    });
  });
}

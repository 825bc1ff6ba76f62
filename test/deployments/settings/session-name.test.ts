// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the contract, not of this language
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OPERATIONS } from '../../../src/access/organization.ts';
import {
  problemWithResolvedName,
  problemWithSessionName,
  resolveSessionName,
  type SessionNames,
} from '../../../src/deployments/settings/session-name.ts';

const NAMES: SessionNames = {
  organization: 'pulumi-local',
  project: 'test-nocode-rtct-3',
  stack: 'dev',
  operation: 'update',
  version: 34,
  id: '806bf21f-444f-4825-a80c-afd12cd2526a',
};

const PLACEHOLDERS = {
  '${organization.name}': 'organization',
  '${project.name}': 'project',
  '${stack.name}': 'stack',
  '${operation}': 'operation',
  '${deployment.operation}': 'operation',
  '${deployment.version}': 'version',
  '${deployment.id}': 'id',
} as const;

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,100}$/);
const names: fc.Arbitrary<SessionNames> = fc.record({
  organization: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]$/),
  project: name,
  stack: name,
  operation: fc.constantFrom(...OPERATIONS),
  version: fc.integer({ min: 1, max: 9_999_999_999 }),
  id: fc.uuid(),
});
const text = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{0,12}$/);
const template = fc.array(fc.oneof(text, fc.constantFrom(...Object.keys(PLACEHOLDERS))), { maxLength: 6 });

describe('a session name', () => {
  test('is cut as the documentation of the contract shows', () => {
    const documented = '${organization.name}-${project.name}-${stack.name}-${deployment.id}';
    const expected = 'pulumi-loca-test-nocode-dev-806bf21f-444f-4825-a80c-afd12cd2526a';
    assert.equal(resolveSessionName(documented, NAMES), expected);
    assert.equal(expected.length, 64);
  });

  test('without placeholders is what was written', () => {
    assert.equal(resolveSessionName('pulumi', NAMES), 'pulumi');
  });

  for (const [placeholder, field] of Object.entries(PLACEHOLDERS)) {
    test(`has the run's own ${field} for ${placeholder}`, () => {
      assert.equal(resolveSessionName(`x-${placeholder}`, NAMES), `x-${NAMES[field]}`);
      assert.equal(problemWithSessionName(`x-${placeholder}`), undefined);
    });
  }

  test('of a template that was found right is one that AWS takes, whatever the names are', () => {
    fc.assert(
      fc.property(template, names, (pieces, run) => {
        const joined = pieces.join('');
        fc.pre(problemWithSessionName(joined) === undefined);
        const resolved = resolveSessionName(joined, run);
        assert.match(resolved, /^[\w+=,.@-]{0,64}$/);
        // Only one-letter names are shorter than what a template must come to.
        if (run.project.length > 1 && run.stack.length > 1 && resolved.length < 64) {
          assert.equal(problemWithResolvedName(resolved), undefined);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('holds operation, version, id and text whole, and of each name a beginning; all names are cut alike, no more than they must', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(PLACEHOLDERS), { minLength: 1 }), names, (placeholders, run) => {
        const joined = placeholders.join('=');
        fc.pre(problemWithSessionName(joined) === undefined);
        const fields = placeholders.map((placeholder) => PLACEHOLDERS[placeholder as keyof typeof PLACEHOLDERS]);
        const parts = resolveSessionName(joined, run).split('=');
        const cut: string[] = [];
        fields.forEach((field, at) => {
          const [whole, part = ''] = [String(run[field]), parts[at]];
          if (!['organization', 'project', 'stack'].includes(field)) assert.equal(part, whole);
          else if (part !== whole) cut.push(part);
          assert.ok(whole.startsWith(part));
        });
        if (cut.length === 0) return;
        const [length = 0] = cut.map((part) => part.length);
        assert.ok(cut.every((part) => part.length === length));
        // One character more of every name that was cut would not have fitted.
        assert.ok(parts.join('=').length + cut.length > 64);
        // No name that was left whole is longer than the others were cut to.
        for (const [at, field] of fields.entries()) {
          if (parts[at] === run[field] && ['organization', 'project', 'stack'].includes(field)) {
            assert.ok((parts[at] ?? '').length <= length);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a session-name template is refused', () => {
  for (const wrong of [
    'a b',
    'a/b',
    'a:b',
    'ä-name',
    '${stack}',
    '${deployment.id',
    '$x',
    '${}',
    '${__proto__}',
    'a\nb',
  ]) {
    test(`with what AWS does not take, or a placeholder that is none: ${JSON.stringify(wrong)}`, () => {
      assert.match(problemWithSessionName(wrong) ?? '', /^takes A-Z/);
    });
  }

  test('when what is never cut may not fit', () => {
    const longest = `${'x'.repeat(64 - 36)}\${deployment.id}`;
    assert.equal(problemWithSessionName(longest), undefined);
    assert.match(problemWithSessionName(`x${longest}`) ?? '', /up to 65 characters/);
    assert.match(problemWithSessionName('x'.repeat(65)) ?? '', /up to 65/);
  });

  test('when it comes to one character', () => {
    assert.match(problemWithSessionName('x') ?? '', /2 or more/);
    assert.match(problemWithSessionName('${deployment.version}') ?? '', /2 or more/);
    assert.equal(problemWithSessionName('v${deployment.version}'), undefined);
  });
});

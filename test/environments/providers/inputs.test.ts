import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainFrom } from '../../../src/environments/evaluate/plain.ts';
import { findInputProblems, pathText } from '../../../src/environments/providers/inputs.ts';
import { LOGIN_PROVIDERS_BY_NAME } from '../../../src/environments/providers/table.ts';
import { ACCEPTED, REFUSED, WARNED } from './input-cases.ts';

const problemsOf = (name: string, inputs: unknown) => {
  const provider = LOGIN_PROVIDERS_BY_NAME.get(name) ?? assert.fail(name);
  return findInputProblems(provider, plainFrom(inputs)).map(
    ({ severity, path, summary }) => `${severity} ${pathText(path)}: ${summary}`,
  );
};

describe('the inputs of a login', () => {
  for (const [name, inputs] of ACCEPTED) {
    test(`${name} takes ${JSON.stringify(inputs).slice(0, 90)}`, () => {
      assert.deepEqual(problemsOf(name, inputs), []);
    });
  }

  for (const [name, inputs, problem] of REFUSED) {
    test(`${name} refuses ${JSON.stringify(inputs).slice(0, 90)}`, () => {
      assert.deepEqual(problemsOf(name, inputs), [`error ${problem}`]);
    });
  }

  for (const [name, inputs, problem] of WARNED) {
    test(`${name} points out: ${problem.slice(0, 90)}`, () => {
      assert.deepEqual(problemsOf(name, inputs), [`warning ${problem}`]);
    });
  }

  test('are a mapping', () => {
    for (const name of LOGIN_PROVIDERS_BY_NAME.keys()) {
      for (const inputs of [null, 'text', 5, true, []])
        assert.match(problemsOf(name, inputs)[0] ?? '', /expected object/);
    }
  });

  test('have problems that show no value, which may be secret', () => {
    const secret = 'a-secret-value/that is not-to-be-shown';
    for (const provider of LOGIN_PROVIDERS_BY_NAME.values()) {
      const everywhere = (schema: object): unknown => {
        const { properties, items } = schema as { properties?: object; items?: object };
        if (properties)
          return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, everywhere(value)]));
        return items ? [secret, secret] : secret;
      };
      const problems = problemsOf(provider.name, everywhere(provider.inputs));
      assert.ok(problems.length > 0, provider.name);
      assert.ok(!problems.some((problem) => problem.includes(secret)), problems.join('\n'));
    }
  });

  test('with the names of prototypes are inputs like any other', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const inputs = new Map([
        ['oidc', new Map([['identityId', '00000000-0000-4000-8000-000000000000']])],
        [key, new Map()],
      ]);
      assert.deepEqual(problemsOf('doppler-login', inputs), [
        `warning ${key}: doppler-login has no input named "${key}"`,
      ]);
    }
  });
});

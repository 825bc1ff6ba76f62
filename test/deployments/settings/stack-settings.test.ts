import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSettingsRecords } from '../../../src/deployments/settings/settings-records.ts';
import { readStackSettings } from '../../../src/deployments/settings/stack-settings.ts';
import { memoryStore } from '../../../src/store/memory.ts';
import { StandingClock } from '../../clock.ts';

const AWS = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'pulumi' };

const readJson = (json: Parameters<typeof readStackSettings>[0]) => {
  const read = readStackSettings(json);
  assert.ok('settings' in read, JSON.stringify(read));
  return read.settings;
};
const problemsIn = (json: Parameters<typeof readStackSettings>[0]): readonly string[] => {
  const read = readStackSettings(json);
  return 'problems' in read ? read.problems.map(({ path, problem }) => `${path}: ${problem}`) : [];
};

describe('the settings of a stack', () => {
  test('keep what is for others as it came, and leave out what says nothing or is only answered', () => {
    const json = {
      tag: 't',
      agentPoolID: 'p',
      executorContext: { executorImage: 'image' },
      sourceContext: { git: { repoUrl: 'https://example.com/x' } },
      gitHub: { paths: [] },
      vcs: { provider: 'gitlab' },
      cacheOptions: { enable: true },
      operationContext: {
        oidc: { aws: { ...AWS, duration: '15m' } },
        preRunCommands: ['echo 1'],
        environmentVariables: { A: 'b', C: { ciphertext: 'x' } },
        options: { shell: 'bash' },
        role: { id: 'r' },
      },
    };
    const noise = { version: 3, source: 'api', warnings: [] };
    const { json: kept, clouds } = readJson({ ...json, ...noise });
    assert.deepEqual(kept, {
      ...json,
      operationContext: { ...json.operationContext, oidc: { aws: { ...AWS, duration: '15m0s' } } },
    });
    assert.equal(clouds.aws?.duration, 900);
    assert.deepEqual(readJson({ operationContext: { preRunCommands: [], oidc: {} }, tag: '' }).json, {});
  });

  const refused: Readonly<Record<string, readonly [json: Parameters<typeof readStackSettings>[0], problem: RegExp]>> = {
    'with an unknown member': [
      { operationcontext: {} },
      /^operationcontext: is no member here; did you mean "operationContext"/,
    ],
    'with a text that is none': [{ agentPoolID: 1 }, /^agentPoolID: must be a text/],
    'with a text that is too long': [{ tag: 'x'.repeat(201) }, /^tag: must have at most 200/],
    'with an object that is none': [{ sourceContext: 'x' }, /^sourceContext: must be an object/],
    'with a context that is none': [{ operationContext: [] }, /^operationContext: must be an object/],
    'with the operation inside the context': [
      { operationContext: { operation: 'update' } },
      /^operationContext\.operation: stands beside/,
    ],
    'with a cloud that is wrong': [
      { operationContext: { oidc: { aws: { roleArn: AWS.roleArn } } } },
      /^operationContext\.oidc\.aws\.sessionName: is missing/,
    ],
    'with commands that are no texts': [
      { operationContext: { preRunCommands: [1] } },
      /^operationContext\.preRunCommands\.0: must be a text/,
    ],
    'with more than 100 commands': [
      { operationContext: { preRunCommands: Array(101).fill('x') } },
      /takes at most 100/,
    ],
    'with a variable that is a number': [
      { operationContext: { environmentVariables: { A: 1 } } },
      /^operationContext\.environmentVariables\.A: must be a text/,
    ],
    'with a variable that no shell could name': [
      { operationContext: { environmentVariables: { 'A=B': 'x' } } },
      /a variable is named/,
    ],
    'with a variable that holds a NUL': [
      { operationContext: { environmentVariables: { A: 'x\0' } } },
      /must not hold a NUL/,
    ],
    'with options that are none': [
      { operationContext: { options: 1 } },
      /^operationContext\.options: must be an object/,
    ],
    'that are larger than anybody needs': [
      { gitHub: { paths: ['x'.repeat(256 * 1024)] } },
      /at most 262144 characters/,
    ],
  };
  for (const [what, [json, problem]] of Object.entries(refused)) {
    test(`are refused ${what}`, () => {
      const problems = problemsIn(json);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

describe('the records of settings', () => {
  const make = () => openSettingsRecords(memoryStore(new StandingClock()));
  const settings = readJson({ operationContext: { oidc: { aws: AWS } } });

  test('give back what was saved, counted', async () => {
    const records = make();
    const none = await records.load('s1');
    assert.deepEqual(none, { version: 0 });
    assert.equal(await records.change('s1', none, settings), 1);
    assert.deepEqual(await records.load('s1'), { version: 1, settings });
    assert.deepEqual(await records.load('s2'), { version: 0 });
  });

  test('take one of two changes of the same settings', async () => {
    const records = make();
    const none = await records.load('s1');
    const both = await Promise.all([records.change('s1', none, settings), records.change('s1', none, undefined)]);
    assert.deepEqual(both.toSorted(), [1, 'conflict']);
  });

  test('go on counting after a deletion, so that a change of what was deleted is a conflict', async () => {
    const records = make();
    await records.change('s1', await records.load('s1'), settings);
    const before = await records.load('s1');
    assert.equal(await records.change('s1', before, undefined), 2);
    assert.deepEqual(await records.load('s1'), { version: 2 });
    assert.equal(await records.change('s1', before, settings), 'conflict');
    assert.equal(await records.change('s1', await records.load('s1'), settings), 3);
  });

  test('forget a stack that is gone', async () => {
    const records = make();
    await records.change('s1', await records.load('s1'), settings);
    await records.forget('s1');
    assert.deepEqual(await records.load('s1'), { version: 0 });
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSecret, sealSecrets, showSecrets, stackCipher } from '../../../src/deployments/settings/sealed-secrets.ts';
import { openEnvironmentSecrets } from '../../../src/environments/secrets.ts';
import { memoryStore } from '../../../src/store/memory.ts';
import { realRandom, StandingClock } from '../../clock.ts';

const sealer = { seal: async (_: string, text: string) => text, open: async (_: string, text: string) => text };
const secrets = openEnvironmentSecrets({ store: memoryStore(new StandingClock()), random: realRandom, sealer });
const cipherFor = async (stack: string, organization = 'o1') => stackCipher(await secrets.of(organization), stack);

const SETTINGS = {
  operationContext: {
    environmentVariables: {
      secret: 'a plain value',
      TOKEN: { secret: 'hunter2-a' },
      PLAIN: { plaintext: 'p', secret: '' },
    },
    options: { shell: 'bash' },
  },
  sourceContext: {
    git: {
      gitAuth: {
        accessToken: { secret: 'hunter2-b' },
        sshAuth: { sshPrivateKey: 'hunter2-c', password: { secret: 'hunter2-d' } },
        basicAuth: { userName: 'me', password: 'hunter2-e' },
      },
    },
  },
  executorContext: { executorImage: { reference: 'image', credentials: { username: 'me', password: 'hunter2-f' } } },
};

const sealedBy = async (json: Parameters<typeof sealSecrets>[0], stack = 's1') => {
  const sealed = sealSecrets(json, await cipherFor(stack));
  assert.ok('sealed' in sealed, JSON.stringify(sealed));
  // biome-ignore lint/suspicious/noExplicitAny: settings are whatever somebody sent
  return sealed.sealed as any;
};

describe('secrets of settings', () => {
  test('are sealed in every place that holds one, and nothing else is', async () => {
    const sealed = await sealedBy(SETTINGS);
    assert.doesNotMatch(JSON.stringify(sealed), /hunter2/);
    const { secret, TOKEN, PLAIN } = sealed.operationContext.environmentVariables;
    assert.deepEqual([secret, PLAIN, Object.keys(TOKEN)], ['a plain value', 'p', ['ciphertext']]);
    assert.equal(sealed.sourceContext.git.gitAuth.basicAuth.userName, 'me');
    assert.deepEqual(sealed.operationContext.options, { shell: 'bash' });
  });

  test('open for their stack, and for no other stack or organization', async () => {
    const { TOKEN } = (await sealedBy(SETTINGS)).operationContext.environmentVariables;
    assert.equal(openSecret(TOKEN, await cipherFor('s1')), 'hunter2-a');
    assert.equal(openSecret(TOKEN, await cipherFor('s2')), undefined);
    assert.equal(openSecret(TOKEN, await cipherFor('s1', 'o2')), undefined);
    assert.equal(openSecret('plain', await cipherFor('s1')), 'plain');
  });

  test('that are sealed already stay so, in either form in which clients write them', async () => {
    const { ciphertext } = (await sealedBy(SETTINGS)).operationContext.environmentVariables.TOKEN;
    const again = await sealedBy({
      environmentVariables: { A: { ciphertext }, B: { secret: '', ciphertext: [ciphertext] } },
    });
    assert.deepEqual(again, { environmentVariables: { A: { ciphertext }, B: { ciphertext } } });
  });

  test('of another stack, changed or empty ones are problems at their paths', async () => {
    const { ciphertext } = (await sealedBy(SETTINGS, 's2')).operationContext.environmentVariables.TOKEN;
    const json = { environmentVariables: { A: { ciphertext }, B: { secret: '' }, C: {}, D: { ciphertext: 'AAAA' } } };
    const { problems } = sealSecrets(json, await cipherFor('s1')) as unknown as {
      problems: { path: string; problem: string }[];
    };
    assert.deepEqual(
      problems.map(({ path, problem }) => [path, problem.slice(0, 20)]),
      [
        ['environmentVariables.A', 'this ciphertext was '],
        ['environmentVariables.B', 'send the value as "s'],
        ['environmentVariables.C', 'send the value as "s'],
        ['environmentVariables.D', 'this ciphertext was '],
      ],
    );
  });

  test('are shown to nobody, and their ciphertexts only to those who could have written them', async () => {
    const sealed = await sealedBy(SETTINGS);
    const { ciphertext } = sealed.operationContext.environmentVariables.TOKEN;
    const variables = (withCiphertexts: boolean) =>
      (showSecrets(sealed, withCiphertexts) as typeof SETTINGS).operationContext.environmentVariables;
    assert.deepEqual(variables(true).TOKEN, { secret: '', ciphertext });
    assert.deepEqual(variables(false).TOKEN, { secret: '' });
    assert.doesNotMatch(JSON.stringify(showSecrets(sealed, false)), /ciphertext/);
    assert.equal(variables(false).secret, 'a plain value');
  });
});

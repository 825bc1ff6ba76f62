import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSettingsRecords, type SettingsRecords } from '../../src/deployments/settings/settings-records.ts';
import { openEnvironmentSecrets } from '../../src/environments/secrets.ts';
import { issueRunToken } from '../../src/flows/issue-run-token.ts';
import { changeSettings, deleteSettings, type StackSettingsParts } from '../../src/flows/stack-settings.ts';
import { startRun } from '../../src/flows/start-run.ts';
import { realRandom } from '../clock.ts';
import { ACME, makeWorld, PRINCIPALS, refuses, TARGET } from './world.ts';

const AWS = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'pulumi' };
const CHANGE = { how: 'merge', json: { operationContext: { oidc: { aws: AWS } } } } as const;
const sealer = { seal: async (_: string, text: string) => text, open: async (_: string, text: string) => text };

/** A world in which settings can be saved; `meanwhile` happens after they were read, before they are written. */
const makeSettingsWorld = (
  meanwhile: (records: SettingsRecords, stackId: string) => Promise<unknown> = async () => {},
) => {
  const world = makeWorld();
  const records = openSettingsRecords(world.store);
  const stackSettings: SettingsRecords = {
    ...records,
    async load(stackId) {
      const loaded = await records.load(stackId);
      await meanwhile(records, stackId);
      return loaded;
    },
  };
  const parts: StackSettingsParts = {
    ...world.parts,
    stackSettings,
    runIssuers: { v1: world.v1, v2: world.v2 },
    secrets: openEnvironmentSecrets({ store: world.store, random: realRandom, sealer }),
  };
  return { ...world, records, settings: parts };
};

describe('settings of a stack', () => {
  test('are not written over what somebody else wrote meanwhile', async () => {
    const { settings, events } = makeSettingsWorld(async (records, id) => {
      await records.change(id, await records.load(id), { json: { tag: 'theirs' }, clouds: {} });
    });
    await assert.rejects(changeSettings(settings, PRINCIPALS.admin, ACME, TARGET, CHANGE), refuses('conflict'));
    await assert.rejects(deleteSettings(settings, PRINCIPALS.admin, ACME, TARGET), refuses('conflict'));
    assert.deepEqual(
      events.filter(({ outcome }) => outcome === 'refused').map(({ kind, code }) => [kind, code]),
      [
        ['stack-settings.change', 'conflict'],
        ['stack-settings.delete', 'conflict'],
      ],
    );
  });

  test('are neither saved nor deleted where no trace of it can be left', async () => {
    const { settings, state, records, parts } = makeSettingsWorld();
    await changeSettings(settings, PRINCIPALS.admin, ACME, TARGET, CHANGE);
    state.auditFails = true;
    const change = { how: 'replace', json: {} } as const;
    await assert.rejects(changeSettings(settings, PRINCIPALS.admin, ACME, TARGET, change), /audit log is full/);
    await assert.rejects(deleteSettings(settings, PRINCIPALS.admin, ACME, TARGET), /audit log is full/);
    const stack = await parts.directory.stack(await parts.directory.organization('acme', ACME.id), 'core', 'dev');
    assert.equal((await records.load(stack.id)).version, 1);
  });

  test('count for a run unless its starter has settings of its own, also none at all', async () => {
    const { settings, parts } = makeSettingsWorld();
    await changeSettings(settings, PRINCIPALS.admin, ACME, TARGET, CHANGE);
    const start = async (more: object) =>
      (await startRun(parts, PRINCIPALS.carol, ACME, { ...TARGET, ...more })).run.clouds;
    const clouds = { azure: { clientId: 'x' } };
    assert.equal((await start({}))?.aws?.roleArn, AWS.roleArn);
    assert.deepEqual(await start({ clouds }), clouds);
    assert.equal(await start({ clouds: {} }), undefined);
  });

  test('are not looked at when a run asks for a token: it took them along', async () => {
    const world = makeSettingsWorld();
    await changeSettings(world.settings, PRINCIPALS.admin, ACME, TARGET, CHANGE);
    const { run, requestToken } = await startRun(world.parts, PRINCIPALS.carol, ACME, TARGET);
    const ask = () =>
      issueRunToken(world.parts, world.v1, { runId: run.id, requestToken: requestToken.reveal(), target: 'aws' });
    await ask();
    const { get } = world.store;
    let reads = 0;
    world.store.get = (key) => {
      reads += 1;
      return get.call(world.store, key);
    };
    await ask();
    assert.equal(reads, 0);
  });
});

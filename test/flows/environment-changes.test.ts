import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloneEnvironment } from '../../src/flows/clone-environment.ts';
import { deleteEnvironment } from '../../src/flows/delete-environment.ts';
import { decryptDefinition, readDefinition } from '../../src/flows/read-environments.ts';
import { saveEnvironment } from '../../src/flows/save-environment.ts';
import { tagEnvironment } from '../../src/flows/tag-environment.ts';
import { tagRevision } from '../../src/flows/tag-revision.ts';
import { fingerprint } from '../../src/secret.ts';
import { ACME, as, DEV, makeEnvironmentWorld } from './environment-world.ts';
import { refuses } from './world.ts';

const YAML = 'values: { password: { fn::secret: hunter2 } }\n';

/** A world with an environment of two revisions and a tag of each kind, whose story so far is forgotten. */
const begun = async () => {
  const world = makeEnvironmentWorld();
  const { parts } = world;
  const created = await world.create();
  const stories = {
    save: (text = 'values: { a: 1 }', base?: number) =>
      saveEnvironment(parts, as('writer'), ACME, DEV, {
        text,
        ...(base !== undefined && { base: { environmentId: created.id, number: base } }),
      }),
    delete: () => deleteEnvironment(parts, as('owner'), ACME, DEV),
    decrypt: () => decryptDefinition(parts, as('opener'), ACME, DEV),
    clone: () => cloneEnvironment(parts, as('writer'), ACME, DEV, { project: 'core', name: 'copy', withTags: false }),
    tagRevision: (change: 'create' | 'move' | 'delete', name = 'stable', revision = 1) =>
      tagRevision(parts, as('writer'), ACME, DEV, { change, name, revision }),
    tag: (name = 'team') => tagEnvironment(parts, as('writer'), ACME, DEV, { change: 'create', name, value: 'x' }),
    retag: (expected = 'x') =>
      tagEnvironment(parts, as('writer'), ACME, DEV, {
        change: 'update',
        name: 'team',
        expected,
        newName: 'owner',
        newValue: 'y',
      }),
    untag: () => tagEnvironment(parts, as('writer'), ACME, DEV, { change: 'delete', name: 'team' }),
  };
  await stories.save(YAML);
  await stories.tagRevision('create');
  await stories.tag();
  world.events.length = 0;
  return { ...world, ...stories, created };
};
type Begun = Awaited<ReturnType<typeof begun>>;

/** Every story that leaves a trace, with the kind of its record and what the record says besides. */
const STORIES: Readonly<
  Record<string, readonly [tell: (world: Begun) => Promise<unknown>, kind: string, detail: object]>
> = {
  'a new environment': [
    ({ create }) => create({ project: 'core', name: 'new' }),
    'create',
    { environment: 'core/new' },
  ],
  'a new definition': [({ save }) => save(), 'update', { environment: 'core/dev', replaces: 2 }],
  'an end': [(world) => world.delete(), 'delete', { environment: 'core/dev', revisions: 2 }],
  'secrets in the clear': [({ decrypt }) => decrypt(), 'decrypt', { environment: 'core/dev', revision: 2 }],
  'a new revision tag': [
    (world) => world.tagRevision('create', 'x'),
    'tag',
    { tag: 'x', change: 'create', revision: 1 },
  ],
  'a revision tag that moves': [(world) => world.tagRevision('move'), 'tag', { change: 'move', revision: 1 }],
  'a revision tag that ends': [(world) => world.tagRevision('delete'), 'tag', { change: 'delete', tag: 'stable' }],
  'a new tag': [({ tag }) => tag('x'), 'tag', { tag: 'x', change: 'create' }],
  'a tag that changes': [({ retag }) => retag(), 'tag', { tag: 'team', change: 'update', newName: 'owner' }],
  'a tag that ends': [({ untag }) => untag(), 'tag', { tag: 'team', change: 'delete' }],
};

/** Everything that is kept, but for the times. */
const kept = async ({ parts, created }: Begun): Promise<string> => {
  const { environments } = parts;
  const { organization } = created;
  const all = await environments.list(organization, { count: 100, shows: () => true });
  const tags = await environments.tags.list(created);
  const revisionTags = await environments.revisionTags.list(created);
  return JSON.stringify([all, tags, revisionTags, (await environments.read(created))?.revision]);
};

for (const [name, [tell, kind, detail]] of Object.entries(STORIES)) {
  test(`${name} leaves one record: who, what, of which environment`, async () => {
    const world = await begun();
    await tell(world);
    const [event, ...more] = world.events;
    assert.deepEqual(more, []);
    assert.ok(event);
    assert.deepEqual([event.kind, event.outcome, event.organization], [`environment.${kind}`, 'granted', 'acme']);
    assert.match(event.actor, /^personal:(?:writer|owner|opener)$/);
    assert.deepEqual({ ...event.detail, ...detail }, event.detail);
  });

  test(`${name} does not happen where its record cannot be written`, async () => {
    const world = await begun();
    const before = await kept(world);
    world.state.auditFails = true;
    await assert.rejects(tell(world), /the audit log is full/);
    assert.equal(await kept(world), before);
  });
}

test('nothing that is recorded or stored holds a secret, and the record proves which definition was stored', async () => {
  const world = await begun();
  await world.save(YAML);
  const stored = (await world.parts.environments.read(world.created))?.revision.yaml ?? '';
  assert.match(stored, /ciphertext/);
  assert.doesNotMatch(stored + JSON.stringify(world.events), /hunter2/);
  assert.equal(world.events[0]?.detail['definition'], fingerprint(stored));
  assert.equal(world.events[0]?.detail['id'], world.created.id);
});

test('a secret that cannot be encrypted is stored nowhere, also where no value stands', async () => {
  const world = await begun();
  const { saved, diagnostics } = await world.save('values: {}\nother: { fn::secret: [hunter2] }\n');
  assert.deepEqual([saved, diagnostics.some(({ severity }) => severity === 'error')], [undefined, true]);
  assert.equal((await world.parts.environments.get(world.created))?.latest, 2);
});

test('a copy that somebody else changed before it was complete is no copy', async () => {
  const world = await begun();
  const { environments } = world.parts;
  const author = { login: 'bob', name: 'bob' };
  const hurried: typeof environments = {
    ...environments,
    async create(place, creator) {
      const created = await environments.create(place, creator);
      if (typeof created !== 'string') await environments.update(created, { yaml: 'values: {}', author });
      return created;
    },
  };
  const parts = { ...world.parts, environments: hurried };
  const copy = { project: 'core', name: 'copy', withTags: false };
  await assert.rejects(cloneEnvironment(parts, as('writer'), ACME, DEV, copy), refuses('conflict'));
  assert.equal((await readDefinition(parts, as('reader'), ACME, copy)).text, 'values: {}');
});

test('only so many revision tags are kept', async () => {
  const world = await begun();
  const { revisionTags } = world.parts.environments;
  const editor = { login: 'bob', name: 'bob' };
  for (let at = 1; at < 500; at++) await revisionTags.create(world.created, `t${at}`, { editor });
  await assert.rejects(world.tagRevision('create', 'more'), refuses('limit_reached'));
});

test('a copy leaves the trace of what was read, and says of what it is a copy', async () => {
  const world = await begun();
  await world.clone();
  assert.deepEqual(world.trace(), ['environment.decrypt granted', 'environment.create granted']);
  const { source, sourceId, sourceRevision } = world.events[1]?.detail ?? {};
  assert.deepEqual([source, sourceId, sourceRevision], ['core/dev', world.created.id, 2]);
});

test('a ciphertext that was carried into another environment is worth nothing there', async () => {
  const world = await begun();
  const other = { project: 'core', name: 'other' };
  await world.create(other);
  const { text } = await readDefinition(world.parts, as('reader'), ACME, DEV);
  await saveEnvironment(world.parts, as('writer'), ACME, other, { text });
  const read = await decryptDefinition(world.parts, as('opener'), ACME, other);
  assert.deepEqual([read.text, read.diagnostics[0]?.severity], ['', 'error']);

  const copy = { project: 'core', name: 'copy', withTags: false };
  const [problem] = await cloneEnvironment(world.parts, as('writer'), ACME, other, copy);
  assert.equal(problem?.severity, 'error');
  await assert.rejects(readDefinition(world.parts, as('admin'), ACME, copy), refuses('environment_not_found'));
});

test('a refusal leaves its trace, with its code', async () => {
  const world = await begun();
  const { parts } = world;
  const reader = as('reader');
  await assert.rejects(saveEnvironment(parts, reader, ACME, DEV, { text: YAML }), refuses('environment_not_permitted'));
  await assert.rejects(world.save(YAML, 1), refuses('conflict'));
  await assert.rejects(deleteEnvironment(parts, reader, ACME, DEV), refuses('environment_not_permitted'));
  await assert.rejects(deleteEnvironment(parts, as('nobody'), ACME, DEV), refuses('environment_not_found'));
  await assert.rejects(decryptDefinition(parts, reader, ACME, DEV), refuses('environment_not_permitted'));
  await assert.rejects(world.create(DEV, 'reader'), refuses('environment_not_permitted'));
  await assert.rejects(world.create(), refuses('environment_exists'));
  await assert.rejects(world.tagRevision('create'), refuses('tag_exists'));
  await assert.rejects(world.tag(), refuses('tag_exists'));
  await assert.rejects(world.create({ project: 'core', name: 'a:b' }, 'admin'), refuses('invalid_name'));
  await assert.rejects(world.tagRevision('move', 'gone'), refuses('tag_not_found'));
  await assert.rejects(world.tagRevision('create', 'x', 9), refuses('revision_not_found'));
  await assert.rejects(world.retag('another value'), refuses('conflict'));
  assert.deepEqual(world.trace(), [
    'environment.update refused environment_not_permitted',
    'environment.update refused conflict',
    'environment.delete refused environment_not_permitted',
    'environment.delete refused environment_not_found',
    'environment.decrypt refused environment_not_permitted',
    'environment.create refused environment_not_permitted',
    'environment.create refused environment_exists',
    'environment.tag refused tag_exists',
    'environment.tag refused tag_exists',
    'environment.create refused invalid_name',
    'environment.tag refused tag_not_found',
    'environment.tag refused revision_not_found',
    'environment.tag refused conflict',
  ]);
});

test('a name that nobody could give is written down in few characters', async () => {
  const world = await begun();
  const target = { project: 'x'.repeat(10_000), name: 'y' };
  await assert.rejects(deleteEnvironment(world.parts, as('admin'), ACME, target), refuses('environment_not_found'));
  const name = 'x'.repeat(10_000);
  const request = { change: 'create', name, value: '' } as const;
  await assert.rejects(tagEnvironment(world.parts, as('writer'), ACME, DEV, request), refuses('invalid_name'));
  await assert.rejects(world.tagRevision('create', name), refuses('invalid_name'));
  await assert.rejects(decryptDefinition(world.parts, as('opener'), ACME, DEV, name), refuses('revision_not_found'));
  assert.ok(JSON.stringify(world.events).length < 2500);
});

/** What somebody else does at the same moment, and what the one who is slower is told. */
const RACES: Readonly<
  Record<
    string,
    readonly [(world: Begun) => Promise<unknown>, (world: Begun) => Promise<unknown>, Parameters<typeof refuses>[0]]
  >
> = {
  'a definition of a revision that is not the newest any more': [
    ({ save }) => save(YAML, 2),
    ({ save }) => save(),
    'conflict',
  ],
  'a definition of what is deleted': [({ save }) => save(), (world) => world.delete(), 'environment_not_found'],
  'a definition of what is deleted and made again': [
    ({ save }) => save(),
    async (world) => {
      await world.delete();
      await world.create();
    },
    'environment_not_found',
  ],
  'an end of what has ended': [(world) => world.delete(), (world) => world.delete(), 'environment_not_found'],
  'a new environment of a name that is taken': [
    ({ create }) => create({ project: 'core', name: 'new' }),
    ({ create }) => create({ project: 'core', name: 'new' }),
    'environment_exists',
  ],
  'a new revision tag that is there': [
    (world) => world.tagRevision('create', 'x'),
    (world) => world.tagRevision('create', 'x'),
    'tag_exists',
  ],
  'a move of a revision tag that is gone': [
    (world) => world.tagRevision('move'),
    (world) => world.tagRevision('delete'),
    'tag_not_found',
  ],
  'a new revision tag of what is deleted': [
    (world) => world.tagRevision('create', 'x'),
    (world) => world.delete(),
    'revision_not_found',
  ],
  'a new tag that is there': [({ tag }) => tag('x'), ({ tag }) => tag('x'), 'tag_exists'],
  'a change of a tag that was changed': [
    ({ retag }) => retag(),
    ({ parts }) =>
      tagEnvironment(parts, as('writer'), ACME, DEV, { change: 'update', name: 'team', expected: 'x', newValue: 'z' }),
    'conflict',
  ],
  'an end of a tag that has ended': [({ untag }) => untag(), ({ untag }) => untag(), 'tag_not_found'],
};

for (const [name, [tell, other, code]] of Object.entries(RACES)) {
  test(`${name} is refused where somebody else was faster, and the record says so`, async () => {
    const world = await begun();
    world.state.meanwhile = () => other(world);
    await assert.rejects(tell(world), refuses(code));
    const last = world.events.at(-1);
    assert.deepEqual([last?.outcome, last?.code], ['refused', code]);
  });
}

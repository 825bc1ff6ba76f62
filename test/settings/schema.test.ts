import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fieldTable } from '../../scripts/field-table.ts';
import { ORGANIZATION_SCHEMA } from '../../src/access/file.ts';
import { readDocument } from '../../src/documents.ts';
import { DEFAULTS } from '../../src/settings/defaults.ts';
import { SETTINGS_SCHEMA } from '../../src/settings/shape.ts';
import { VARIABLES } from '../../src/settings/variables.ts';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

for (const [name, schema, generated, document] of [
  ['settings', SETTINGS_SCHEMA, 'config/schema/runpass.json', 'docs/settings.md'],
  ['organization', ORGANIZATION_SCHEMA, 'config/schema/organization.json', 'docs/organizations.md'],
] as const) {
  test(`the ${name} schema that editors read is the one that we check`, async () => {
    assert.deepEqual(JSON.parse(await read(generated)), JSON.parse(JSON.stringify(schema)));
  });

  test(`${document} tells every field with its default, range and meaning`, async () => {
    assert.ok((await read(document)).includes(fieldTable(schema)), 'run: npm run schema');
  });
}

test('docs/settings.md tells every variable with the field that it overrides', async () => {
  const document = await read('docs/settings.md');
  for (const [name, at] of Object.entries(VARIABLES))
    assert.ok(document.includes(`| \`${name}\` | \`${at.join('.')}\` |`), name);
});

test('every default lies within the range of its field', () => {
  const { store, issuers, ...rest } = DEFAULTS;
  const { file: _file, ...storeFields } = store;
  const reading = readDocument(JSON.stringify({ ...rest, issuers, store: storeFields }), 'defaults', SETTINGS_SCHEMA);
  assert.ok('value' in reading, JSON.stringify(reading));
});

for (const [path, schema] of [
  ['config/runpass.yaml', SETTINGS_SCHEMA],
  ['config/organizations/acme.yaml', ORGANIZATION_SCHEMA],
] as const) {
  test(`${path} is sound with all its comments opened, too`, async () => {
    const text = await read(path);
    // A commented line of YAML begins with a lower-case key or a dash; sentences do not.
    const opened = text.replace(/^# ((?: *- )?(?: *)[a-zA-Z0-9]+:(?: .*)?| *- .*)$/gm, (line, content: string) =>
      line.includes('yaml-language-server') || /^ {2}redis/.test(content) ? line : content,
    );
    const reading = readDocument(opened, path, schema);
    assert.deepEqual('problems' in reading ? reading.problems : [], []);
    assert.notEqual(opened, text);
  });
}

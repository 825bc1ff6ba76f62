/**
 * Writes what is made from the schemas in `src`: `config/schema/*.json` for editors, and the tables of fields in `docs/`.
 *
 * With `--check` it writes nothing and fails when a file would change.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { ORGANIZATION_SCHEMA } from '../src/access/file.ts';
import { SETTINGS_SCHEMA } from '../src/settings/shape.ts';
import { withFieldTable } from './field-table.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8').catch(() => '');

const generated = new Map<string, string>([
  ['config/schema/runpass.json', `${JSON.stringify(SETTINGS_SCHEMA, undefined, 2)}\n`],
  ['config/schema/organization.json', `${JSON.stringify(ORGANIZATION_SCHEMA, undefined, 2)}\n`],
  ['docs/settings.md', withFieldTable(await read('docs/settings.md'), SETTINGS_SCHEMA)],
  ['docs/organizations.md', withFieldTable(await read('docs/organizations.md'), ORGANIZATION_SCHEMA)],
]);

for (const [path, content] of generated) {
  if (content === (await read(path))) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} differs from the schemas in src; run: npm run schema`);
    process.exitCode = 1;
  } else {
    await writeFile(new URL(path, root), content);
    console.log(`wrote ${path}`);
  }
}

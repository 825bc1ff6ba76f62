import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CONTRACT } from './contract-schemas.ts';

const FILE = new URL('../../../../shared/reference/pulumi-openapi.json', import.meta.url);

interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

for (const [name, ours] of Object.entries(CONTRACT)) {
  test(`${name} has the members of the contract's OpenAPI file`, {
    skip: existsSync(FILE) ? false : 'the reference is not here',
  }, () => {
    const theirs: Schema = JSON.parse(readFileSync(FILE, 'utf8')).components.schemas[name];
    assert.deepEqual([...ours.required].sort(), [...(theirs.required ?? [])].sort());
    assert.deepEqual(Object.keys(ours.properties).sort(), Object.keys(theirs.properties ?? {}).sort());
    for (const [member, schema] of Object.entries<Schema>(ours.properties)) {
      const type = theirs.properties?.[member]?.type;
      if (type !== undefined) assert.equal(schema.type, type, member);
    }
  });
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const PATH = fileURLToPath(new URL('../../../../shared/reference/esc-openapi.yaml', import.meta.url));

/** Why answers cannot be compared with the published API here; `false` where they can. */
const WITHOUT_SCHEMAS = existsSync(PATH) ? false : 'the published OpenAPI file is not here';

const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false });
if (!WITHOUT_SCHEMAS) ajv.addSchema({ ...parse(readFileSync(PATH, 'utf8')), $id: 'esc' });

/** Asserts that an answer is what the published API promises, where its file is there to say so. */
export const assertEsc = (name: string, value: unknown): void => {
  if (WITHOUT_SCHEMAS) return;
  const validate = ajv.compile({ $ref: `esc#/components/schemas/${name}` });
  assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}`);
};

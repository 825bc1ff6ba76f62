import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const FILE = new URL('../../../../shared/reference/pulumi-openapi.json', import.meta.url);

/**
 * A plain value is a bare text and a ciphertext is one text: so every client of the contract writes and reads them,
 * whatever the file says, which shows the fields of a program.
 */
const SECRET_VALUE = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      required: ['secret'],
      properties: { secret: { type: 'string' }, ciphertext: { type: 'string' } },
    },
  ],
};

const open = () => {
  if (!existsSync(FILE)) return undefined;
  const { components } = JSON.parse(readFileSync(FILE, 'utf8'));
  components.schemas.SecretValue = SECRET_VALUE;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  return ajv.compile({ components, $ref: '#/components/schemas/DeploymentSettings' });
};

const validate = open();

/** Asserts that an answer is what the contract's OpenAPI file describes, where that file is. */
export const assertSettings = (value: unknown): void => {
  if (!validate) return;
  assert.ok(validate(value), JSON.stringify(validate.errors));
};

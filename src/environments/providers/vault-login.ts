import { createVaultToken, loginToVault } from '../../clouds/vault.ts';
import { Secret } from '../../secret.ts';
import { isNumberText, type Plain } from '../values.ts';
import { DURATION_PATTERN, durationInput, durationProblems } from './duration.ts';
import {
  error,
  exactlyOne,
  hasInput,
  type InputProblem,
  inputAt,
  requiredText,
  textInput,
  textsInput,
} from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { strangerUrlProblems } from './stranger-url.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

const DEFAULT_MAX_TTL = 7200;
/** Vault knows no longer leases by default: 32 days. */
const MAX_TTL = { shortest: 1, longest: 768 * 3600 } as const;
/** Parts of a path, none of which leads elsewhere. */
const MOUNT = '^(?!\\.{1,2}(?:/|$))[A-Za-z0-9_.-]+(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9_.-]+)*$';
/** What a header can hold. */
const VISIBLE = '^[\\x21-\\x7e]+$';

/** A token of a Vault or OpenBao server. Contract section 2.5. */
export const VAULT_LOGIN: LoginProvider = {
  name: 'vault-login',
  inputs: {
    type: 'object',
    properties: {
      address: { type: 'string', description: 'URL of the server: scheme and host, no path.' },
      namespace: { type: 'string', description: 'Namespace to log in to.', maxLength: 256, pattern: VISIBLE },
      jwt: {
        type: 'object',
        description: 'Logs in with an ID token.',
        properties: {
          role: { type: 'string', description: 'Name of the role.', minLength: 1, maxLength: 256 },
          mount: {
            type: 'string',
            description: 'Where the JWT auth method is mounted.',
            default: 'jwt',
            maxLength: 256,
            pattern: MOUNT,
          },
          subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
        },
        required: ['role'],
      },
      token: {
        type: 'object',
        description: 'Makes an ephemeral child of a token.',
        properties: {
          token: { type: 'string', description: 'The parent token.', pattern: VISIBLE, secret: true },
          displayName: { type: 'string', description: 'Name of the child.', default: 'pulumi', maxLength: 256 },
          maxTtl: {
            type: 'string',
            description: 'How long the child can live.',
            default: '2h',
            pattern: DURATION_PATTERN,
          },
          metadata: { type: 'object', description: 'Names and texts that go with the child.', maxProperties: 64 },
          policies: {
            type: 'array',
            description: 'Policies of the child; those of the parent where there are none.',
            items: { type: 'string', minLength: 1, maxLength: 256 },
            maxItems: 64,
          },
        },
        required: ['token'],
      },
    },
    required: ['address'],
  },
  outputs: {
    type: 'object',
    properties: {
      address: { type: 'string', description: 'URL of the server.' },
      namespace: { type: 'string', description: 'Namespace of the session.' },
      token: { type: 'string', description: 'The ephemeral token.', secret: true },
    },
    required: ['address', 'token'],
  },
  problems: (inputs) => [
    ...strangerUrlProblems(inputs, 'address'),
    ...exactlyOne(inputs, ['jwt', 'token']),
    ...durationProblems(inputs, ['token', 'maxTtl'], MAX_TTL, 'must be from 1s to 768h'),
    ...metadataProblems(inputs),
    ...subjectAttributeProblems(inputs, 'jwt', 'subjectAttributes'),
  ],
  token: (inputs) =>
    hasInput(inputs, 'jwt')
      ? { issuer: 'v1', prefix: 'vault', subjectAttributes: subjectAttributes(inputs, 'jwt', 'subjectAttributes') }
      : undefined,
  async open(inputs, token, { postToStranger }) {
    const server = { address: requiredText(inputs, 'address'), namespace: textInput(inputs, 'namespace') };
    const granted = token
      ? (
          await loginToVault(postToStranger, server, token, {
            role: requiredText(inputs, 'jwt', 'role'),
            mount: textInput(inputs, 'jwt', 'mount') ?? 'jwt',
          })
        ).token
      : await createVaultToken(postToStranger, server, new Secret(requiredText(inputs, 'token', 'token')), {
          displayName: textInput(inputs, 'token', 'displayName') ?? 'pulumi',
          maxTtlSeconds: durationInput(inputs, ['token', 'maxTtl'], DEFAULT_MAX_TTL),
          metadata: Object.fromEntries(metadataOf(inputs).map(([name, value]) => [name, metadataText(value) ?? ''])),
          policies: textsInput(inputs, 'token', 'policies'),
        });
    return new Map([
      ['address', server.address],
      ...(server.namespace === undefined ? [] : [['namespace', server.namespace] as const]),
      ['token', granted.reveal()],
    ]);
  },
};

const metadataOf = (inputs: Plain): readonly (readonly [string, Plain])[] => {
  const metadata = inputAt(inputs, 'token', 'metadata');
  return metadata instanceof Map ? [...metadata] : [];
};

/** Vault keeps texts; it reads numbers and booleans as such. */
const metadataText = (value: Plain): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return isNumberText(value) ? value.number : undefined;
};

const metadataProblems = (inputs: Plain): readonly InputProblem[] =>
  metadataOf(inputs).flatMap(([name, value]) =>
    metadataText(value) === undefined ? [error(['token', 'metadata', name], 'must be a text, number or boolean')] : [],
  );

import type { Plain } from '../values.ts';
import { error, hasInput, inputAt, textInput, warning } from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

const wantsToken = (inputs: Plain): boolean => inputAt(inputs, 'oidc') === true;

/**
 * What a client of Azure needs to log in by itself: our signed token is its client assertion, so no cloud is called.
 * Contract section 2.5.
 */
export const AZURE_LOGIN: LoginProvider = {
  name: 'azure-login',
  inputs: {
    type: 'object',
    properties: {
      clientId: { type: 'string', description: 'Client ID of the application or managed identity.' },
      tenantId: { type: 'string', description: 'ID of the tenant.' },
      subscriptionId: { type: 'string', description: 'ID of the subscription.' },
      clientSecret: { type: 'string', description: 'Client secret, where no ID token is used.', secret: true },
      oidc: { type: 'boolean', description: 'True to log in with an ID token.', default: false },
      subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
    },
    required: ['clientId', 'tenantId'],
  },
  outputs: {
    type: 'object',
    properties: {
      clientId: { type: 'string', description: 'Client ID.' },
      tenantId: { type: 'string', description: 'ID of the tenant.' },
      subscriptionId: { type: 'string', description: 'ID of the subscription.' },
      clientSecret: { type: 'string', description: 'Client secret, if any.', secret: true },
      oidc: {
        type: 'object',
        description: 'There where an ID token is used.',
        properties: { token: { type: 'string', description: 'The ID token.', secret: true } },
        required: ['token'],
      },
    },
    required: ['clientId', 'tenantId'],
  },
  problems(inputs) {
    const [oidc, secret] = [wantsToken(inputs), hasInput(inputs, 'clientSecret')];
    const ways = 'exactly one of "oidc: true" and "clientSecret"';
    return [
      ...(oidc && secret ? [error([], `write ${ways}`)] : []),
      ...(!oidc && !secret ? [warning([], `this logs nobody in: write ${ways}`)] : []),
      ...(!oidc && hasInput(inputs, 'subjectAttributes')
        ? [warning(['subjectAttributes'], 'has no effect without "oidc: true"')]
        : []),
      ...subjectAttributeProblems(inputs, 'subjectAttributes'),
    ];
  },
  token: (inputs) =>
    wantsToken(inputs)
      ? { issuer: 'v1', prefix: 'azure', subjectAttributes: subjectAttributes(inputs, 'subjectAttributes') }
      : undefined,
  async open(inputs, token) {
    const output = new Map<string, Plain>();
    for (const name of ['clientId', 'tenantId', 'subscriptionId', 'clientSecret']) {
      const text = textInput(inputs, name);
      if (text !== undefined) output.set(name, text);
    }
    if (token) output.set('oidc', new Map([['token', token.reveal()]]));
    return output;
  },
};

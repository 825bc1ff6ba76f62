import { loginToInfisical, loginToInfisicalWithSecret } from '../../clouds/infisical.ts';
import { Secret } from '../../secret.ts';
import { exactlyOne, hasInput, requiredText, textInput } from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { strangerUrlProblems } from './stranger-url.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

/** An access token of an Infisical machine identity. Contract section 2.5. */
export const INFISICAL_LOGIN: LoginProvider = {
  name: 'infisical-login',
  inputs: {
    type: 'object',
    properties: {
      siteUrl: { type: 'string', description: 'URL of the instance; the one for the United States by default.' },
      oidc: {
        type: 'object',
        description: 'Logs in with an ID token.',
        properties: {
          identityId: { type: 'string', description: 'ID of the machine identity.', minLength: 1, maxLength: 100 },
          subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
        },
        required: ['identityId'],
      },
      static: {
        type: 'object',
        description: 'Logs in with a client secret (Universal Auth).',
        properties: {
          clientId: { type: 'string', description: 'ID of the client.', minLength: 1, maxLength: 100 },
          clientSecret: { type: 'string', description: 'Secret of the client.', secret: true },
        },
        required: ['clientId', 'clientSecret'],
      },
    },
  },
  outputs: {
    type: 'object',
    properties: {
      siteUrl: { type: 'string', description: 'URL of the instance, where one was named.' },
      accessToken: { type: 'string', description: 'The access token.', secret: true },
    },
    required: ['accessToken'],
  },
  problems: (inputs) => [
    ...strangerUrlProblems(inputs, 'siteUrl'),
    ...exactlyOne(inputs, ['oidc', 'static']),
    ...subjectAttributeProblems(inputs, 'oidc', 'subjectAttributes'),
  ],
  token: (inputs) =>
    hasInput(inputs, 'oidc')
      ? { issuer: 'v1', prefix: 'infisical', subjectAttributes: subjectAttributes(inputs, 'oidc', 'subjectAttributes') }
      : undefined,
  async open(inputs, token, clouds) {
    const siteUrl = textInput(inputs, 'siteUrl');
    const accessToken = token
      ? await loginToInfisical(clouds, siteUrl, token, requiredText(inputs, 'oidc', 'identityId'))
      : await loginToInfisicalWithSecret(
          clouds,
          siteUrl,
          requiredText(inputs, 'static', 'clientId'),
          new Secret(requiredText(inputs, 'static', 'clientSecret')),
        );
    return new Map([
      ...(siteUrl === undefined ? [] : [['siteUrl', siteUrl] as const]),
      ['accessToken', accessToken.reveal()],
    ]);
  },
};

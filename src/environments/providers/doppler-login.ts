import { loginToDoppler } from '../../clouds/doppler.ts';
import { requiredText } from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

/** An access token of a Doppler service account. Contract section 2.5. */
export const DOPPLER_LOGIN: LoginProvider = {
  name: 'doppler-login',
  inputs: {
    type: 'object',
    properties: {
      oidc: {
        type: 'object',
        description: 'Logs in with an ID token.',
        properties: {
          identityId: {
            type: 'string',
            description: 'ID of the service account identity.',
            pattern: '^[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$',
          },
          subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
        },
        required: ['identityId'],
      },
    },
    required: ['oidc'],
  },
  outputs: {
    type: 'object',
    properties: { accessToken: { type: 'string', description: 'The access token.', secret: true } },
    required: ['accessToken'],
  },
  problems: (inputs) => subjectAttributeProblems(inputs, 'oidc', 'subjectAttributes'),
  token: (inputs) => ({
    issuer: 'v1',
    prefix: 'doppler',
    subjectAttributes: subjectAttributes(inputs, 'oidc', 'subjectAttributes'),
  }),
  async open(inputs, token, clouds) {
    if (!token) throw new Error('doppler-login always asks for a token');
    const accessToken = await loginToDoppler(clouds, token, requiredText(inputs, 'oidc', 'identityId'));
    return new Map([['accessToken', accessToken.reveal()]]);
  },
};

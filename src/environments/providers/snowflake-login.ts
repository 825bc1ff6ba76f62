import { problemWithSnowflakeName } from '../../tokens/environment.ts';
import { error, requiredText, textInput } from './inputs.ts';
import type { LoginProvider } from './provider.ts';

/**
 * Our signed token, as an access token that a Snowflake account takes (External OAuth): no cloud is called, so
 * `account` is passed through and leads nowhere. Contract section 2.5.
 */
export const SNOWFLAKE_LOGIN: LoginProvider = {
  name: 'snowflake-login',
  inputs: {
    type: 'object',
    properties: {
      oidc: {
        type: 'object',
        description: 'Logs in with an ID token.',
        properties: {
          account: { type: 'string', description: 'Identifier of the account.', minLength: 1, maxLength: 256 },
          user: { type: 'string', description: 'Login name of the user.' },
          role: { type: 'string', description: 'Role to assume; any role of the user by default.' },
        },
        required: ['account', 'user'],
      },
    },
    required: ['oidc'],
  },
  outputs: {
    type: 'object',
    properties: {
      account: { type: 'string', description: 'Identifier of the account.' },
      user: { type: 'string', description: 'Login name of the user.' },
      token: { type: 'string', description: 'The ID token, for `authenticator=oauth`.', secret: true },
    },
    required: ['account', 'user', 'token'],
  },
  problems: (inputs) =>
    ['user', 'role'].flatMap((name) => {
      const text = textInput(inputs, 'oidc', name);
      const problem = text === undefined ? undefined : problemWithSnowflakeName(text);
      return problem === undefined ? [] : [error(['oidc', name], problem)];
    }),
  token(inputs) {
    const role = textInput(inputs, 'oidc', 'role');
    const snowflake = { user: requiredText(inputs, 'oidc', 'user'), ...(role !== undefined && { role }) };
    return { issuer: 'v1', prefix: 'snowflake', subjectAttributes: [], snowflake };
  },
  async open(inputs, token) {
    if (!token) throw new Error('snowflake-login always asks for a token');
    return new Map([
      ['account', requiredText(inputs, 'oidc', 'account')],
      ['user', requiredText(inputs, 'oidc', 'user')],
      ['token', token.reveal()],
    ]);
  },
};

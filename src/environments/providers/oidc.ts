import { LOGIN_PROVIDERS } from '../../access/login-providers.ts';
import { problemWithAudience } from '../../tokens/draft.ts';
import type { SchemaObject } from '../evaluate/schema.ts';
import type { Plain } from '../values.ts';
import { DURATION_PATTERN, durationInput, durationProblems } from './duration.ts';
import { error, hasInput, type InputProblem, requiredText, textInput } from './inputs.ts';
import type { LoginProvider, TokenWish } from './provider.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

const DURATION = { shortest: 60, longest: 3600 } as const;

const V2_INPUTS: Readonly<Record<string, SchemaObject>> = {
  audience: { type: 'string', description: "The token's aud: one value of 1 to 512 bytes." },
  identityToken: {
    type: 'object',
    description: 'The token to mint.',
    properties: { version: { type: 'string', description: 'Only `v2`.', enum: ['v2'] } },
    required: ['version'],
  },
  duration: { type: 'string', description: 'How long the token lives.', default: '1h', pattern: DURATION_PATTERN },
};

/** In the words that users of the language know. Contract section 2.7. */
const refuseInput =
  (provider: string) =>
  (name: string): string =>
    name === 'subjectAttributes'
      ? `fn::open::${provider} does not accept subjectAttributes`
      : `fn::open::${provider} does not accept an input named "${name}"`;

const v2Problems = (inputs: Plain): readonly InputProblem[] => {
  const audience = textInput(inputs, 'audience') ?? '';
  const problem = audience.trim() === '' ? 'must not be blank' : problemWithAudience(audience);
  return [
    ...(problem === undefined ? [] : [error(['audience'], problem)]),
    ...durationProblems(inputs, ['duration'], DURATION, 'duration must be between 1m0s and 1h0m0s'),
  ];
};

const v2Token = (inputs: Plain): TokenWish => ({
  issuer: 'v2',
  audience: requiredText(inputs, 'audience'),
  lifetime: durationInput(inputs, ['duration'], DURATION.longest),
});

/** The signed token itself, for whatever audience the author writes. Contract section 2.7. */
export const OIDC: LoginProvider = {
  name: 'oidc',
  inputs: { type: 'object', properties: V2_INPUTS, required: ['audience', 'identityToken'] },
  outputs: { type: 'string', description: 'The ID token.', secret: true },
  unknownInput: refuseInput('oidc'),
  problems: v2Problems,
  token: v2Token,
  async open(_inputs, token) {
    if (!token) throw new Error('oidc always asks for a token');
    return token.reveal();
  },
};

const DEBUG = 'debug-oidc-claims';
const V1_INPUTS: Readonly<Record<string, SchemaObject>> = {
  audiencePrefix: {
    type: 'string',
    description: 'The login whose claims to show: what its audience begins with.',
    enum: LOGIN_PROVIDERS,
  },
  subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
};

const isV2 = (inputs: Plain): boolean => hasInput(inputs, 'identityToken');

/**
 * The claims of a token, without the token: `open-login.ts` shows the draft and nothing is signed. With `identityToken`
 * those of `oidc` and its inputs, else those of the logins. Contract section 2.7.
 */
export const DEBUG_OIDC_CLAIMS: LoginProvider = {
  name: DEBUG,
  inputs: { type: 'object', properties: { ...V2_INPUTS, ...V1_INPUTS } },
  outputs: { type: 'object', additionalProperties: { type: 'string' } },
  unknownInput: refuseInput(DEBUG),
  problems(inputs) {
    const others = Object.keys(isV2(inputs) ? V1_INPUTS : V2_INPUTS).filter((name) => hasInput(inputs, name));
    const without = isV2(inputs) ? '' : ' without identityToken';
    return [
      ...others.map((name) => error([name], refuseInput(DEBUG)(name) + without)),
      ...(isV2(inputs) ? v2Problems(inputs) : v1Problems(inputs)),
    ];
  },
  token: (inputs) =>
    isV2(inputs)
      ? v2Token(inputs)
      : {
          issuer: 'v1',
          prefix: LOGIN_PROVIDERS.find((prefix) => prefix === textInput(inputs, 'audiencePrefix')) ?? 'aws',
          subjectAttributes: subjectAttributes(inputs, 'subjectAttributes'),
        },
  async open() {
    throw new Error('a preview opens nothing');
  },
};

const v1Problems = (inputs: Plain): readonly InputProblem[] => [
  ...(hasInput(inputs, 'audiencePrefix')
    ? []
    : [
        error(
          [],
          'write "audiencePrefix" for the claims of a login, or "audience" and "identityToken" for those of oidc',
        ),
      ]),
  ...subjectAttributeProblems(inputs, 'subjectAttributes'),
];

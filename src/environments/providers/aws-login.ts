import { AWS_DURATION, AWS_MAX_POLICIES, assumeRoleWithWebIdentity } from '../../clouds/aws.ts';
import type { Plain } from '../values.ts';
import { DURATION_PATTERN, durationInput, durationProblems } from './duration.ts';
import { error, exactlyOne, hasInput, inputAt, requiredText, textsInput } from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

/** As published; a role allows no more than one hour until somebody raises its maximum. */
const DEFAULT_DURATION = 7200;

/** Credentials of an AWS role, or static ones passed through. Contract section 2.5. */
export const AWS_LOGIN: LoginProvider = {
  name: 'aws-login',
  inputs: {
    type: 'object',
    properties: {
      oidc: {
        type: 'object',
        description: 'Assumes a role with an ID token.',
        properties: {
          roleArn: { type: 'string', description: 'ARN of the role to assume.', minLength: 20, maxLength: 2048 },
          sessionName: {
            type: 'string',
            description: 'Name of the role session.',
            minLength: 2,
            maxLength: 64,
            pattern: '^[A-Za-z0-9_+=,.@-]*$',
          },
          duration: {
            type: 'string',
            description: 'How long the role session lasts.',
            default: '2h',
            pattern: DURATION_PATTERN,
          },
          policyArns: {
            type: 'array',
            description: 'ARNs of managed policies that narrow the role session down.',
            items: { type: 'string', minLength: 20, maxLength: 2048 },
          },
          subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
        },
        required: ['roleArn', 'sessionName'],
      },
      static: {
        type: 'object',
        description: 'Credentials that are passed through.',
        properties: {
          accessKeyId: { type: 'string', description: 'AWS access key ID.' },
          secretAccessKey: { type: 'string', description: 'AWS secret access key.', secret: true },
          sessionToken: { type: 'string', description: 'AWS session token, if any.', secret: true },
        },
        required: ['accessKeyId', 'secretAccessKey'],
      },
    },
  },
  outputs: {
    type: 'object',
    properties: {
      accessKeyId: { type: 'string', description: 'AWS access key ID.', secret: true },
      secretAccessKey: { type: 'string', description: 'AWS secret access key.', secret: true },
      sessionToken: { type: 'string', description: 'AWS session token, if any.', secret: true },
    },
    required: ['accessKeyId', 'secretAccessKey'],
  },
  problems: (inputs) => [
    ...exactlyOne(inputs, ['oidc', 'static']),
    ...durationProblems(inputs, ['oidc', 'duration'], AWS_DURATION, 'must be from 15m to 12h'),
    ...(textsInput(inputs, 'oidc', 'policyArns').length > AWS_MAX_POLICIES
      ? [error(['oidc', 'policyArns'], `AWS takes at most ${AWS_MAX_POLICIES} policies`)]
      : []),
    ...subjectAttributeProblems(inputs, 'oidc', 'subjectAttributes'),
  ],
  token: (inputs) =>
    hasInput(inputs, 'oidc')
      ? { issuer: 'v1', prefix: 'aws', subjectAttributes: subjectAttributes(inputs, 'oidc', 'subjectAttributes') }
      : undefined,
  async open(inputs, token, clouds) {
    if (!token) return passedThrough(inputs);
    const { accessKeyId, secretAccessKey, sessionToken } = await assumeRoleWithWebIdentity(clouds, token, {
      roleArn: requiredText(inputs, 'oidc', 'roleArn'),
      sessionName: requiredText(inputs, 'oidc', 'sessionName'),
      durationSeconds: durationInput(inputs, ['oidc', 'duration'], DEFAULT_DURATION),
      policyArns: textsInput(inputs, 'oidc', 'policyArns'),
    });
    return new Map([
      ['accessKeyId', accessKeyId],
      ['secretAccessKey', secretAccessKey.reveal()],
      ['sessionToken', sessionToken.reveal()],
    ]);
  },
};

/** The members that the outputs name, and no others that an author may have added. */
const passedThrough = (inputs: Plain): Plain => {
  const members = ['accessKeyId', 'secretAccessKey', 'sessionToken'].map((name) => [
    name,
    inputAt(inputs, 'static', name),
  ]);
  return new Map(members.filter((member): member is [string, Plain] => member[1] !== undefined));
};

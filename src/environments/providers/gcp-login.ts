import type { Clouds } from '../../clouds/clouds.ts';
import { exchangeAtGoogle, GOOGLE_LIFETIME, impersonate } from '../../clouds/google.ts';
import { Secret } from '../../secret.ts';
import { isNumberText, type Plain } from '../values.ts';
import { DURATION_PATTERN, durationInput, durationProblems } from './duration.ts';
import { error, exactlyOne, hasInput, inputAt, requiredText, textInput } from './inputs.ts';
import type { LoginProvider } from './provider.ts';
import { SUBJECT_ATTRIBUTES_SCHEMA, subjectAttributeProblems, subjectAttributes } from './subject-attributes.ts';

const DEFAULT_LIFETIME = 3600;
const LIFETIME = { type: 'string', default: '1h', pattern: DURATION_PATTERN } as const;
const OUT_OF_RANGE = 'must be from 10m to 12h';
/** What may stand in a resource name: no slash, so that one part cannot be two. */
const RESOURCE_ID = '^[A-Za-z0-9_-]{1,63}$';
const SERVICE_ACCOUNT = { type: 'string', minLength: 1, maxLength: 254, pattern: '^[^\\s/]*$' } as const;
/** What a header can hold. */
const VISIBLE = '^[\\x21-\\x7e]+$';

/** An access token of a Google service account, or a static one. Contract section 2.5. */
export const GCP_LOGIN: LoginProvider = {
  name: 'gcp-login',
  inputs: {
    type: 'object',
    properties: {
      project: { type: 'number', description: 'Number of the project, not its ID.' },
      oidc: {
        type: 'object',
        description: 'Impersonates a service account with an ID token.',
        properties: {
          workloadPoolId: { type: 'string', description: 'ID of the workload identity pool.', pattern: RESOURCE_ID },
          providerId: { type: 'string', description: 'ID of the provider in that pool.', pattern: RESOURCE_ID },
          serviceAccount: { ...SERVICE_ACCOUNT, description: 'E-mail address of the service account.' },
          region: { type: 'string', description: 'Location of the pool, `global` by default.', pattern: RESOURCE_ID },
          tokenLifetime: { ...LIFETIME, description: 'How long the access token lasts.' },
          subjectAttributes: SUBJECT_ATTRIBUTES_SCHEMA,
        },
        required: ['workloadPoolId', 'providerId', 'serviceAccount'],
      },
      accessToken: {
        type: 'object',
        description: 'Passes an access token through, or impersonates a service account with it.',
        properties: {
          accessToken: { type: 'string', description: 'The access token.', pattern: VISIBLE, secret: true },
          serviceAccount: { ...SERVICE_ACCOUNT, description: 'E-mail address of a service account to impersonate.' },
          tokenLifetime: { ...LIFETIME, description: "How long the service account's access token lasts." },
        },
        required: ['accessToken'],
      },
    },
    required: ['project'],
  },
  outputs: {
    type: 'object',
    properties: {
      project: { type: 'number', description: 'Number of the project.' },
      accessToken: { type: 'string', description: 'The access token.', secret: true },
      tokenType: { type: 'string', description: '`Bearer`.' },
      expiry: { type: 'string', description: 'When the access token ends, where that is known.' },
    },
    required: ['accessToken', 'project', 'tokenType'],
  },
  problems: (inputs) => [
    ...(/^[1-9]\d{0,18}$/.test(projectNumber(inputs))
      ? []
      : [
          error(
            ['project'],
            "must be the project's number: gcloud projects describe ID --format='value(projectNumber)'",
          ),
        ]),
    ...exactlyOne(inputs, ['oidc', 'accessToken']),
    ...durationProblems(inputs, ['oidc', 'tokenLifetime'], GOOGLE_LIFETIME, OUT_OF_RANGE),
    ...durationProblems(inputs, ['accessToken', 'tokenLifetime'], GOOGLE_LIFETIME, OUT_OF_RANGE),
    ...subjectAttributeProblems(inputs, 'oidc', 'subjectAttributes'),
  ],
  token: (inputs) =>
    hasInput(inputs, 'oidc')
      ? { issuer: 'v1', prefix: 'gcp', subjectAttributes: subjectAttributes(inputs, 'oidc', 'subjectAttributes') }
      : undefined,
  async open(inputs, token, clouds) {
    const { accessToken, expiry } = await (token
      ? withIdToken(inputs, token, clouds)
      : withAccessToken(inputs, clouds));
    return new Map<string, Plain>([
      ['project', inputAt(inputs, 'project') ?? null],
      ['accessToken', accessToken.reveal()],
      ['tokenType', 'Bearer'],
      ...(expiry === undefined ? [] : [['expiry', expiry] as const]),
    ]);
  },
};

interface Granted {
  readonly accessToken: Secret;
  readonly expiry?: string;
}

const withIdToken = async (inputs: Plain, token: Secret, clouds: Clouds): Promise<Granted> => {
  const federated = await exchangeAtGoogle(clouds, token, {
    project: projectNumber(inputs),
    location: textInput(inputs, 'oidc', 'region') ?? 'global',
    pool: requiredText(inputs, 'oidc', 'workloadPoolId'),
    provider: requiredText(inputs, 'oidc', 'providerId'),
  });
  const lifetime = durationInput(inputs, ['oidc', 'tokenLifetime'], DEFAULT_LIFETIME);
  return impersonate(clouds, federated, requiredText(inputs, 'oidc', 'serviceAccount'), lifetime);
};

const withAccessToken = async (inputs: Plain, clouds: Clouds): Promise<Granted> => {
  const accessToken = new Secret(requiredText(inputs, 'accessToken', 'accessToken'));
  const serviceAccount = textInput(inputs, 'accessToken', 'serviceAccount');
  if (serviceAccount === undefined) return { accessToken };
  const lifetime = durationInput(inputs, ['accessToken', 'tokenLifetime'], DEFAULT_LIFETIME);
  return impersonate(clouds, accessToken, serviceAccount, lifetime);
};

const projectNumber = (inputs: Plain): string => {
  const project = inputAt(inputs, 'project');
  return isNumberText(project) ? project.number : '';
};

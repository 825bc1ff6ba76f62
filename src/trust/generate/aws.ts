import type { Assignment, Generator, WrittenTrust } from './generated.ts';
import { command, json } from './quote.ts';
import { isPattern } from './scope.ts';

/** Characters without white space: what every account can store. IAM quotas, "Role trust policy length". */
const USUAL_QUOTA = 2048;

/** A role's trust policy: exact subjects where they can be listed, patterns up to their last fixed part else. */
export const generateAws: Generator = (assignment) => {
  const policy = awsPolicy(assignment);
  // With "=", as a name may begin with a dash.
  const role = `--role-name=${assignment.input('awsRole')}`;
  const file = 'trust-policy.json';
  return {
    document: awsDocument(assignment),
    files: [{ name: file, content: json(policy), format: 'json' }],
    install: [
      providerCommand(assignment),
      `${command('aws', 'iam', 'create-role', role, '--assume-role-policy-document', `file://${file}`)} || ${command('aws', 'iam', 'update-assume-role-policy', role, '--policy-document', `file://${file}`)}`,
    ],
    warnings: awsRemarks(policy),
  };
};

/** Makes the identity provider, or adds the audience to one that is there: an account has one for each issuer. */
const providerCommand = (assignment: Assignment): string => {
  const { issuer, signed } = assignment;
  const list = isPlain(signed.audience) ? signed.audience : JSON.stringify([signed.audience]);
  const make = command('aws', 'iam', 'create-open-id-connect-provider', '--url', issuer, '--client-id-list', list);
  return `${make} || ${audienceCommand(assignment)}`;
};

/** Adds the audience to the provider that all roles of the account share; once is enough, again does nothing. */
const audienceCommand = (assignment: Assignment): string => {
  const [arn, audience] = [providerArn(assignment), assignment.signed.audience];
  const inJson = JSON.stringify({ OpenIDConnectProviderArn: arn, ClientID: audience });
  return command(
    'aws',
    'iam',
    'add-client-id-to-open-id-connect-provider',
    ...(isPlain(audience)
      ? ['--open-id-connect-provider-arn', arn, '--client-id', audience]
      : ['--cli-input-json', inJson]),
  );
};

/**
 * The AWS CLI reads a list that begins like JSON as JSON, fetches what begins like a URL or names a file, and takes a
 * dash for an option. Inside of JSON it does nothing of the kind.
 */
const isPlain = (audience: string): boolean => /^(?!\w+:\/\/)\w[\w.:/@-]*$/.test(audience);

/** Of the provider in a configuration: does it stand there, and what has to be done or known besides? */
export const awsProviderOf = (
  assignment: Assignment,
): { readonly isMade: boolean; readonly before: readonly string[]; readonly warnings: readonly string[] } =>
  assignment.input('awsProvider') === 'existing'
    ? { isMade: false, before: [audienceCommand(assignment)], warnings: [] }
    : {
        isMade: true,
        before: [],
        warnings: [
          `An account has one identity provider for ${assignment.issuer}: where it is there already, generate with --aws-provider existing.`,
        ],
      };

export const awsRemarks = (policy: object): readonly string[] => {
  const { length } = JSON.stringify(policy);
  return length > USUAL_QUOTA
    ? [`The trust policy has ${length} characters; accounts take ${USUAL_QUOTA} unless AWS raised that. Use a pattern.`]
    : [];
};

const keyPrefix = (issuer: string): string => issuer.replace(/^https?:\/\//, '');

const providerArn = ({ issuer, input }: Assignment): string =>
  `arn:aws:iam::${input('awsAccount')}:oidc-provider/${keyPrefix(issuer)}`;

/** The policy with the provider that it stands on: what is proved. */
export const awsDocument = (assignment: Assignment): WrittenTrust['document'] => ({
  provider: { Url: assignment.issuer, ClientIDList: [assignment.signed.audience] },
  role: { AssumeRolePolicyDocument: awsPolicy(assignment) },
});

export const awsPolicy = (assignment: Assignment, federated: unknown = providerArn(assignment)) => {
  const { issuer, signed, admission } = assignment;
  const prefix = keyPrefix(issuer);
  const audience = { [`${prefix}:aud`]: signed.audience };
  const statement = (condition: object) => ({
    Effect: 'Allow',
    Principal: { Federated: federated },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: condition,
  });
  const exact = admission.subjects.filter((subject) => !isPattern(subject));
  const patterns = admission.subjects.filter(isPattern);
  const list = (values: readonly string[]) => (values.length === 1 ? values[0] : values);
  return {
    Version: '2012-10-17',
    Statement: [
      ...(exact.length > 0 ? [statement({ StringEquals: { ...audience, [`${prefix}:sub`]: list(exact) } })] : []),
      ...(patterns.length > 0
        ? [statement({ StringEquals: audience, StringLike: { [`${prefix}:sub`]: list(patterns) } })]
        : []),
    ],
  };
};

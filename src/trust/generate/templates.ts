import { awsDocument, awsPolicy, awsProviderOf, awsRemarks } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Generator } from './generated.ts';
import { command, json } from './quote.ts';

/** AWS CloudFormation: the role, and the provider unless the account has it, which stays when the stack goes. */
export const generateCloudFormation: Generator = (assignment) => {
  const policy = awsPolicy(assignment);
  const role = assignment.input('awsRole');
  const { isMade, before, warnings } = awsProviderOf(assignment);
  const provider = {
    Type: 'AWS::IAM::OIDCProvider',
    // Other roles of the account may trust it as well.
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { Url: assignment.issuer, ClientIdList: [assignment.signed.audience] },
  };
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      ...(isMade && { Provider: provider }),
      Role: {
        Type: 'AWS::IAM::Role',
        ...(isMade && { DependsOn: 'Provider' }),
        Properties: { RoleName: role, AssumeRolePolicyDocument: policy },
      },
    },
  };
  const file = 'trust.template.json';
  return {
    document: awsDocument(assignment),
    files: [{ name: file, content: json(template), format: 'json' }],
    install: [
      ...before,
      command(
        'aws',
        'cloudformation',
        'deploy',
        `--stack-name=${stackName(role)}`,
        `--template-file=${file}`,
        '--capabilities=CAPABILITY_NAMED_IAM',
        // Else the very same again is a failure to AWS CLI 1.
        '--no-fail-on-empty-changeset',
      ),
    ],
    warnings: [...awsRemarks(policy), ...warnings],
  };
};

/** A stack for each role: in one stack, another role would take the place of the first. */
const stackName = (role: string): string =>
  `runpass-${role.replace(/^runpass-/, '')}`.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');

/** Bicep: credentials of a managed identity, one after the other, as Entra refuses two at once. */
export const generateBicep: Generator = (assignment) => {
  const credentials = azureCredentials(assignment);
  if ('problem' in credentials) return credentials;
  const text = (value: string): string =>
    `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('$', '\\$')}'`;
  const list = credentials.map(
    ({ name, issuer, subject, audiences }) => `  {
    name: ${text(name)}
    issuer: ${text(issuer)}
    subject: ${text(subject)}
    audience: ${text(audiences[0])}
  }`,
  );
  const file = 'trust.bicep';
  return {
    document: credentials,
    files: [
      {
        name: file,
        format: 'bicep',
        content: `var credentials = [
${list.join('\n')}
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: ${text(assignment.input('azureIdentity'))}
}

@batchSize(1)
resource trusted 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [for credential in credentials: {
  parent: identity
  name: credential.name
  properties: {
    issuer: credential.issuer
    subject: credential.subject
    audiences: [credential.audience]
  }
}]
`,
      },
    ],
    install: [
      command(
        'az',
        'deployment',
        'group',
        'create',
        `--resource-group=${assignment.input('azureGroup')}`,
        `--template-file=${file}`,
      ),
    ],
  };
};

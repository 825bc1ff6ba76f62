import { awsPolicy, awsRemarks } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Generator } from './generated.ts';
import { command, json } from './quote.ts';

/** AWS CloudFormation: the provider and the role in one template. */
export const generateCloudFormation: Generator = (assignment) => {
  const policy = awsPolicy(assignment);
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      Provider: {
        Type: 'AWS::IAM::OIDCProvider',
        Properties: { Url: assignment.issuer, ClientIdList: [assignment.signed.audience] },
      },
      Role: {
        Type: 'AWS::IAM::Role',
        DependsOn: 'Provider',
        Properties: { RoleName: assignment.input('awsRole'), AssumeRolePolicyDocument: policy },
      },
    },
  };
  const file = 'trust.template.json';
  return {
    document: template,
    files: [{ name: file, content: json(template), format: 'json' }],
    install: [
      command(
        'aws',
        'cloudformation',
        'deploy',
        `--stack-name=${assignment.name}`,
        `--template-file=${file}`,
        '--capabilities=CAPABILITY_NAMED_IAM',
      ),
    ],
    warnings: awsRemarks(policy),
  };
};

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

import { awsDocument, awsPolicy, awsRemarks, providerCommand } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Generator } from './generated.ts';
import { command, json } from './quote.ts';

/**
 * AWS CloudFormation: the role in a template. Not the identity provider: that is one for the whole account, and the
 * second stack that made it would fail, as the first that went would take it from all others.
 */
export const generateCloudFormation: Generator = (assignment) => {
  const policy = awsPolicy(assignment);
  const role = assignment.input('awsRole');
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { RoleName: role, AssumeRolePolicyDocument: policy },
      },
    },
  };
  const file = 'trust.template.json';
  return {
    document: awsDocument(assignment),
    files: [{ name: file, content: json(template), format: 'json' }],
    install: [
      providerCommand(assignment),
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
    warnings: awsRemarks(policy),
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

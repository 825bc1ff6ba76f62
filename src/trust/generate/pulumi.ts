import { awsDocument, awsPolicy, awsProviderOf, awsRemarks } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Assignment, CheckedBy, Generator, NotGenerated, WrittenTrust } from './generated.ts';
import { googleDocument } from './google.ts';
import { json, pulumiLiteral } from './quote.ts';
import { claimsAsTexts } from './terraform.ts';
import { vaultDocument } from './vault.ts';

interface Program {
  readonly document: unknown;
  readonly variables?: object;
  readonly resources: object;
  /** Commands that come first. */
  readonly before?: readonly string[];
  readonly warnings?: readonly string[];
}

/** A program in Pulumi YAML, of which JSON is a part. */
export const generatePulumi =
  (cloud: CheckedBy): Generator =>
  (assignment): WrittenTrust | NotGenerated => {
    const write = PROGRAMS[cloud];
    if (!write) return { problem: 'Pulumi has no resource for an AuthenticationConfiguration: generate kubernetes.' };
    const program = write(assignment);
    if ('problem' in program) return program;
    const { document, variables, resources, before = [], warnings } = program;
    const content = json({ name: assignment.name, runtime: 'yaml', ...(variables && { variables }), resources });
    return {
      document,
      files: [{ name: 'Pulumi.yaml', content, format: 'yaml' }],
      install: [...before, 'pulumi stack select --create trust', 'pulumi up --yes'],
      ...(warnings && { warnings }),
    };
  };

const aws = (assignment: Assignment): Program => {
  const policy = awsPolicy(assignment);
  const { isMade, before, warnings } = awsProviderOf(assignment);
  const provider = {
    type: 'aws:iam:OpenIdConnectProvider',
    properties: pulumiLiteral({ url: assignment.issuer, clientIdLists: [assignment.signed.audience] }),
  };
  return {
    document: awsDocument(assignment),
    before,
    warnings: [...awsRemarks(policy), ...warnings],
    resources: {
      ...(isMade && { provider }),
      role: {
        type: 'aws:iam:Role',
        properties: pulumiLiteral({ name: assignment.input('awsRole'), assumeRolePolicy: { 'fn::toJSON': policy } }),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Pulumi replaces it.
        ...(isMade && { options: { dependsOn: ['${provider}'] } }),
      },
    },
  };
};

const azure = (assignment: Assignment): Program | NotGenerated => {
  const credentials = azureCredentials(assignment);
  if ('problem' in credentials) return credentials;
  const application = {
    'fn::invoke': {
      function: 'azuread:getApplication',
      arguments: { clientId: assignment.input('azureApp') },
      return: 'id',
    },
  };
  const resources = credentials.map(({ name, ...properties }) => [
    name,
    {
      type: 'azuread:ApplicationFederatedIdentityCredential',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Pulumi replaces it.
      properties: { applicationId: '${application}', displayName: name, ...pulumiLiteral(properties) },
    },
  ]);
  return { document: credentials, variables: { application }, resources: Object.fromEntries(resources) };
};

const google = (assignment: Assignment): Program | NotGenerated => {
  const document = googleDocument(assignment);
  if ('problem' in document) return document;
  const { provider, policy } = document;
  const { input } = assignment;
  const [project, account, keys] = [input('googleProject'), input('googleServiceAccount'), input('googleKeys')];
  const [binding] = policy.bindings;
  return {
    document,
    resources: {
      pool: {
        type: 'gcp:iam:WorkloadIdentityPool',
        properties: pulumiLiteral({ project, workloadIdentityPoolId: input('googlePool') }),
      },
      provider: {
        type: 'gcp:iam:WorkloadIdentityPoolProvider',
        properties: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Pulumi replaces it.
          workloadIdentityPoolId: '${pool.workloadIdentityPoolId}',
          ...pulumiLiteral({
            project,
            workloadIdentityPoolProviderId: input('googleProvider'),
            attributeMapping: provider.attributeMapping,
            attributeCondition: provider.attributeCondition,
            oidc: { ...provider.oidc, ...(keys !== '' && { jwksJson: { 'fn::readFile': keys } }) },
          }),
        },
      },
      member: {
        type: 'gcp:serviceaccount:IAMMember',
        properties: pulumiLiteral({
          serviceAccountId: `projects/${project}/serviceAccounts/${account}`,
          role: binding?.role,
          member: binding?.members[0],
        }),
      },
    },
  };
};

const vault = (assignment: Assignment): Program | NotGenerated => {
  const document = vaultDocument(assignment);
  const { config, role } = document;
  const claims = claimsAsTexts(role.bound_claims);
  if ('problem' in claims) return claims;
  return {
    document,
    resources: {
      backend: {
        type: 'vault:jwt:AuthBackend',
        properties: pulumiLiteral({
          path: assignment.input('vaultMount'),
          type: 'jwt',
          oidcDiscoveryUrl: config.oidc_discovery_url,
          boundIssuer: config.bound_issuer,
          jwtSupportedAlgs: config.jwt_supported_algs,
        }),
      },
      role: {
        type: 'vault:jwt:AuthBackendRole',
        properties: pulumiLiteral({
          backend: assignment.input('vaultMount'),
          roleName: assignment.input('vaultRole'),
          roleType: role.role_type,
          userClaim: role.user_claim,
          boundAudiences: role.bound_audiences,
          boundSubject: role.bound_subject || undefined,
          boundClaimsType: role.bound_claims_type,
          boundClaims: claims.texts,
          tokenPolicies: role.token_policies,
          tokenTtl: 3600,
        }),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Pulumi replaces it.
        options: { dependsOn: ['${backend}'] },
      },
    },
  };
};

const PROGRAMS: Readonly<Record<CheckedBy, ((assignment: Assignment) => Program | NotGenerated) | undefined>> = {
  aws,
  azure,
  google,
  vault,
  kubernetes: undefined,
};

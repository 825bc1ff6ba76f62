import { awsDocument, awsPolicy, awsProviderOf, awsRemarks } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Assignment, CheckedBy, Generator, NotGenerated, WrittenTrust } from './generated.ts';
import { googleDocument } from './google.ts';
import { block, call, reference } from './hcl.ts';
import { vaultDocument } from './vault.ts';

interface Configuration {
  readonly document: unknown;
  readonly text: string;
  /** Commands that come first. */
  readonly before?: readonly string[];
  readonly warnings?: readonly string[];
}

/** A Terraform configuration of one relying party's resources, formatted as `terraform fmt` does. */
export const generateTerraform =
  (cloud: CheckedBy): Generator =>
  (assignment): WrittenTrust | NotGenerated => {
    const write = CONFIGURATIONS[cloud];
    if (!write)
      return { problem: 'Terraform has no resource for an AuthenticationConfiguration: generate kubernetes.' };
    const configuration = write(assignment);
    if ('problem' in configuration) return configuration;
    const { document, text, before = [], warnings } = configuration;
    return {
      document,
      files: [{ name: 'trust.tf', content: text, format: 'hcl' }],
      install: [...before, 'terraform init', 'terraform plan -out=trust.tfplan', 'terraform apply trust.tfplan'],
      warnings: [
        ...(warnings ?? []),
        'Terraform applies all that stands in a folder: use one that holds nothing else.',
      ],
    };
  };

const file = (...blocks: readonly string[]): string => `${blocks.join('\n\n')}\n`;

const resource = (type: string, ...rest: Parameters<typeof block> extends [string, ...infer R] ? R : never): string =>
  block(`resource "${type}" "runpass"`, ...rest);

const aws = (assignment: Assignment): Configuration => {
  const policy = awsPolicy(assignment);
  const { isMade, before, warnings } = awsProviderOf(assignment);
  const provider = resource('aws_iam_openid_connect_provider', [
    ['url', assignment.issuer],
    ['client_id_list', [assignment.signed.audience]],
  ]);
  return {
    document: awsDocument(assignment),
    before,
    warnings: [...awsRemarks(policy), ...warnings],
    text: file(
      ...(isMade ? [provider] : []),
      resource('aws_iam_role', [
        ['name', assignment.input('awsRole')],
        ['assume_role_policy', call('jsonencode', policy)],
        ['depends_on', isMade ? [reference('aws_iam_openid_connect_provider.runpass')] : undefined],
      ]),
    ),
  };
};

const azure = (assignment: Assignment): Configuration | NotGenerated => {
  const credentials = azureCredentials(assignment);
  if ('problem' in credentials) return credentials;
  return {
    document: credentials,
    text: file(
      block('locals', [['credentials', credentials]]),
      block('data "azuread_application" "runpass"', [['client_id', assignment.input('azureApp')]]),
      resource('azuread_application_federated_identity_credential', [
        ['for_each', reference('{ for credential in local.credentials : credential.name => credential }')],
        ['application_id', reference('data.azuread_application.runpass.id')],
        ['display_name', reference('each.value.name')],
        ['issuer', reference('each.value.issuer')],
        ['subject', reference('each.value.subject')],
        ['audiences', reference('each.value.audiences')],
      ]),
    ),
  };
};

const google = (assignment: Assignment): Configuration | NotGenerated => {
  const document = googleDocument(assignment);
  if ('problem' in document) return document;
  const { provider, policy } = document;
  const { input } = assignment;
  const [binding] = policy.bindings;
  const [project, keys] = [input('googleProject'), input('googleKeys')];
  return {
    document,
    text: file(
      resource('google_iam_workload_identity_pool', [
        ['project', project],
        ['workload_identity_pool_id', input('googlePool')],
      ]),
      resource(
        'google_iam_workload_identity_pool_provider',
        [
          ['project', project],
          [
            'workload_identity_pool_id',
            reference('google_iam_workload_identity_pool.runpass.workload_identity_pool_id'),
          ],
          ['workload_identity_pool_provider_id', input('googleProvider')],
          ['attribute_mapping', provider.attributeMapping],
          ['attribute_condition', provider.attributeCondition],
        ],
        [
          block('oidc', [
            ['issuer_uri', provider.oidc.issuerUri],
            ['allowed_audiences', provider.oidc.allowedAudiences],
            ['jwks_json', keys === '' ? undefined : call('file', keys)],
          ]),
        ],
      ),
      resource('google_service_account_iam_member', [
        ['service_account_id', `projects/${project}/serviceAccounts/${input('googleServiceAccount')}`],
        ['role', binding?.role],
        ['member', binding?.members[0]],
      ]),
    ),
  };
};

const vault = (assignment: Assignment): Configuration | NotGenerated => {
  const document = vaultDocument(assignment);
  const { config, role } = document;
  const claims = claimsAsTexts(role.bound_claims);
  if ('problem' in claims) return claims;
  return {
    document,
    text: file(
      resource('vault_jwt_auth_backend', [
        ['path', assignment.input('vaultMount')],
        ['type', 'jwt'],
        ['oidc_discovery_url', config.oidc_discovery_url],
        ['bound_issuer', config.bound_issuer],
        ['jwt_supported_algs', config.jwt_supported_algs],
      ]),
      resource('vault_jwt_auth_backend_role', [
        ['backend', reference('vault_jwt_auth_backend.runpass.path')],
        ['role_name', assignment.input('vaultRole')],
        ['role_type', role.role_type],
        ['user_claim', role.user_claim],
        ['bound_audiences', role.bound_audiences],
        ['bound_subject', role.bound_subject || undefined],
        ['bound_claims_type', role.bound_claims_type],
        ['bound_claims', claims.texts],
        ['token_policies', role.token_policies],
        ['token_ttl', 3600],
      ]),
    ),
  };
};

/** The provider takes several values of a claim as one text with commas, so none of them may hold one. */
export const claimsAsTexts = (
  claims: Readonly<Record<string, readonly string[]>>,
): { readonly texts: Readonly<Record<string, string>> } | NotGenerated => {
  const comma = Object.values(claims)
    .flat()
    .find((value) => value.includes(','));
  return comma === undefined
    ? { texts: Object.fromEntries(Object.entries(claims).map(([claim, values]) => [claim, values.join(',')])) }
    : { problem: `Terraform and Pulumi take the comma in ${comma} for two values of a claim: generate vault.` };
};

const CONFIGURATIONS: Readonly<
  Record<CheckedBy, ((assignment: Assignment) => Configuration | NotGenerated) | undefined>
> = { aws, azure, google, vault, kubernetes: undefined };

import { awsDocument, awsPolicy, awsRemarks } from './aws.ts';
import { azureCredentials } from './azure.ts';
import type { Assignment, CheckedBy, Generator, NotGenerated, WrittenTrust } from './generated.ts';
import { googleDocument } from './google.ts';
import { indented } from './quote.ts';
import { vaultDocument } from './vault.ts';

interface Configuration {
  readonly document: unknown;
  readonly text: string;
  readonly warnings?: readonly string[];
}

/** A Terraform configuration of one relying party's resources. What HCL takes as an expression, JSON is. */
export const generateTerraform =
  (cloud: CheckedBy): Generator =>
  (assignment): WrittenTrust | NotGenerated => {
    const write = CONFIGURATIONS[cloud];
    if (!write)
      return { problem: 'Terraform has no resource for an AuthenticationConfiguration: generate kubernetes.' };
    const configuration = write(assignment);
    if ('problem' in configuration) return configuration;
    const { document, text, warnings } = configuration;
    return {
      document,
      files: [{ name: 'trust.tf', content: text, format: 'hcl' }],
      install: ['terraform init', 'terraform apply'],
      ...(warnings && { warnings }),
    };
  };

const value = (of: unknown): string => indented(of, 2);

const aws = (assignment: Assignment): Configuration => {
  const policy = awsPolicy(assignment);
  return {
    document: awsDocument(assignment),
    warnings: awsRemarks(policy),
    text: `resource "aws_iam_openid_connect_provider" "runpass" {
  url            = ${value(assignment.issuer)}
  client_id_list = ${value([assignment.signed.audience])}
}

resource "aws_iam_role" "runpass" {
  name               = ${value(assignment.input('awsRole'))}
  assume_role_policy = jsonencode(${value(policy)})
  depends_on         = [aws_iam_openid_connect_provider.runpass]
}
`,
  };
};

const azure = (assignment: Assignment): Configuration | NotGenerated => {
  const credentials = azureCredentials(assignment);
  if ('problem' in credentials) return credentials;
  return {
    document: credentials,
    text: `locals {
  credentials = ${value(credentials)}
}

data "azuread_application" "runpass" {
  client_id = ${value(assignment.input('azureApp'))}
}

resource "azuread_application_federated_identity_credential" "runpass" {
  for_each       = { for credential in local.credentials : credential.name => credential }
  application_id = data.azuread_application.runpass.id
  display_name   = each.value.name
  issuer         = each.value.issuer
  subject        = each.value.subject
  audiences      = each.value.audiences
}
`,
  };
};

const google = (assignment: Assignment): Configuration | NotGenerated => {
  const document = googleDocument(assignment);
  if ('problem' in document) return document;
  const { provider, policy } = document;
  const { input } = assignment;
  const [binding] = policy.bindings;
  return {
    document,
    text: `resource "google_iam_workload_identity_pool" "runpass" {
  project                   = ${value(input('googleProject'))}
  workload_identity_pool_id = ${value(input('googlePool'))}
}

resource "google_iam_workload_identity_pool_provider" "runpass" {
  project                            = ${value(input('googleProject'))}
  workload_identity_pool_id          = google_iam_workload_identity_pool.runpass.workload_identity_pool_id
  workload_identity_pool_provider_id = ${value(input('googleProvider'))}
  attribute_mapping                  = ${value(provider.attributeMapping)}
  attribute_condition                = ${value(provider.attributeCondition)}
  oidc {
    issuer_uri        = ${value(provider.oidc.issuerUri)}
    allowed_audiences = ${value(provider.oidc.allowedAudiences)}
  }
}

resource "google_service_account_iam_member" "runpass" {
  service_account_id = ${value(`projects/${input('googleProject')}/serviceAccounts/${input('googleServiceAccount')}`)}
  role               = ${value(binding?.role)}
  member             = ${value(binding?.members[0])}
}
`,
  };
};

const vault = (assignment: Assignment): Configuration => {
  const document = vaultDocument(assignment);
  const { config, role } = document;
  return {
    document,
    text: `resource "vault_jwt_auth_backend" "runpass" {
  path               = ${value(assignment.input('vaultMount'))}
  type               = "jwt"
  oidc_discovery_url = ${value(config.oidc_discovery_url)}
  bound_issuer       = ${value(config.bound_issuer)}
  jwt_supported_algs = ${value(config.jwt_supported_algs)}
}

resource "vault_jwt_auth_backend_role" "runpass" {
  backend         = vault_jwt_auth_backend.runpass.path
  role_name       = ${value(assignment.input('vaultRole'))}
  role_type       = ${value(role.role_type)}
  user_claim      = ${value(role.user_claim)}
  bound_audiences = ${value(role.bound_audiences)}
${'bound_subject' in role ? `  bound_subject   = ${value(role.bound_subject)}\n` : ''}${boundClaims(role)}  token_policies  = ${value(role.token_policies)}
  token_ttl       = 3600
}
`,
  };
};

/** The provider takes several values of a claim as one text with commas. */
export const claimsAsTexts = (claims: Readonly<Record<string, readonly string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(claims).map(([claim, values]) => [claim, values.join(',')]));

const boundClaims = ({
  bound_claims: claims,
  bound_claims_type: type,
}: {
  readonly bound_claims?: Readonly<Record<string, readonly string[]>>;
  readonly bound_claims_type?: string;
}): string =>
  claims === undefined
    ? ''
    : `${type === undefined ? '' : `  bound_claims_type = ${value(type)}\n`}  bound_claims    = ${value(claimsAsTexts(claims))}\n`;

const CONFIGURATIONS: Readonly<
  Record<CheckedBy, ((assignment: Assignment) => Configuration | NotGenerated) | undefined>
> = { aws, azure, google, vault, kubernetes: undefined };

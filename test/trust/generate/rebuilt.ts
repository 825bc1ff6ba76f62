import assert from 'node:assert/strict';
import type { CheckedBy } from '../../../src/trust/generate/generated.ts';
import { INPUTS } from './facts.ts';

/** A resource, as Terraform calls it and its attributes, all of them evaluated. */
export interface Block {
  readonly labels: readonly string[] | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly blocks: readonly Block[];
}

type Cloud = Exclude<CheckedBy, 'kubernetes'>;

/** What a relying party would have, once these resources are made, in the form of the document that was proved. */
export const rebuilt = (cloud: Cloud, blocks: readonly Block[]): unknown => REBUILT[cloud](blocks);

/** Credentials come in the order of their names. */
export const sorted = (document: unknown): unknown =>
  Array.isArray(document) ? document.toSorted((one, other) => (one.name < other.name ? -1 : 1)) : document;

const attributesOf = (blocks: readonly Block[], type: string): Readonly<Record<string, unknown>> => {
  const [found, ...others] = blocks.filter(({ labels }) => labels?.[0] === type);
  assert.ok(found && others.length === 0, `one ${type}`);
  return found.attributes;
};

const REBUILT: Readonly<Record<Cloud, (blocks: readonly Block[]) => unknown>> = {
  aws: (blocks) => {
    const { url, client_id_list } = attributesOf(blocks, 'aws_iam_openid_connect_provider');
    const role = attributesOf(blocks, 'aws_iam_role');
    return {
      provider: { Url: url, ClientIDList: client_id_list },
      role: { AssumeRolePolicyDocument: JSON.parse(String(role['assume_role_policy'])) },
    };
  },
  azure: (blocks) =>
    blocks
      .filter(({ labels }) => labels?.[0] === 'azuread_application_federated_identity_credential')
      .map(({ attributes: { application_id, display_name, ...others } }) => {
        assert.equal(application_id, 'id of azuread_application');
        return { name: display_name, ...others };
      }),
  google: (blocks) => {
    const type = 'google_iam_workload_identity_pool_provider';
    const provider = blocks.find(({ labels }) => labels?.[0] === type);
    const { workload_identity_pool_id, workload_identity_pool_provider_id, ...of } = attributesOf(blocks, type);
    const { issuer_uri, allowed_audiences, jwks_json } = provider?.blocks[0]?.attributes ?? {};
    assert.equal(jwks_json, 'file public/jwks');
    const { role, member, service_account_id } = attributesOf(blocks, 'google_service_account_iam_member');
    assert.equal(service_account_id, `projects/${of['project']}/serviceAccounts/${INPUTS.googleServiceAccount}`);
    const pool = `projects/${INPUTS.googleProjectNumber}/locations/global/workloadIdentityPools/${workload_identity_pool_id}`;
    return {
      provider: {
        name: `${pool}/providers/${workload_identity_pool_provider_id}`,
        oidc: { issuerUri: issuer_uri, allowedAudiences: allowed_audiences },
        attributeMapping: of['attribute_mapping'],
        attributeCondition: of['attribute_condition'],
      },
      policy: { bindings: [{ role, members: [member] }] },
    };
  },
  vault: (blocks) => {
    const { path, type, ...config } = attributesOf(blocks, 'vault_jwt_auth_backend');
    const { backend, role_name, token_ttl, bound_claims, ...role } = attributesOf(
      blocks,
      'vault_jwt_auth_backend_role',
    );
    assert.deepEqual([backend, type, token_ttl], [path, 'jwt', 3600]);
    const claims = Object.entries(bound_claims as Readonly<Record<string, string>>);
    return {
      config,
      role: {
        bound_subject: '',
        ...role,
        bound_claims: Object.fromEntries(claims.map(([name, text]) => [name, text.split(',')])),
        token_ttl: '1h',
      },
    };
  },
};

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { generateTrust } from '../../src/trust/generate/generate.ts';
import { type CheckedBy, isNotGenerated } from '../../src/trust/generate/generated.ts';
import type { OrganizationFacts, TrustScope } from '../../src/trust/generate/scope.ts';
import { FACTS, INPUTS } from '../../test/trust/generate/facts.ts';
import type { Conversation } from './conversation.ts';
import type { GoProgram } from './go-programs.ts';

/** The reader of Terraform's language, as a library: see hcl.go, which is ours. */
export const hcl = (version: string): GoProgram => ({
  name: 'hcl',
  path: 'github.com/hashicorp/hcl/v2',
  version,
  main: readFileSync(new URL('hcl.go', import.meta.url), 'utf8'),
});

/** A block with all its attributes evaluated. */
interface Block {
  readonly labels: readonly string[] | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly blocks: readonly Block[];
}

interface Answer {
  readonly problem?: string;
  readonly blocks: readonly Block[];
}

/** Names that are no names here, and all that HCL gives a meaning to: an installation's own words in a claim's name. */
const HOSTILE: OrganizationFacts = {
  ...FACTS,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as Terraform would replace it
  claimNamespace: 'https://x/${a}/$${b}/%{if c}/"\\\n\b\f\u2028ä*?#//',
};

const runs = (project: string, stack: string): TrustScope => ({ kind: 'runs', project, stack, operations: ['update'] });

const SCOPES: readonly TrustScope[] = [
  runs('core', 'prod'),
  { ...runs('core', 'prod'), operations: [] } as TrustScope,
  runs('core', 'prod-*'),
  runs('*', '*'),
  { kind: 'environment', project: 'core', environment: 'aws', attributes: [] },
];

/** What stands in `trust.tf`, read by HCL itself, is the document that was proved. */
export const readTerraform = async (conversation: Conversation, binary: string): Promise<void> => {
  for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
    await conversation.line(`HCL reads trust.tf for ${cloud} as the proved document`, async () => {
      const written = SCOPES.flatMap((scope) =>
        [FACTS, HOSTILE].flatMap((facts) =>
          (['v1', 'v2'] as const).flatMap((issuer) => {
            const inputs = { ...INPUTS, googleKeys: 'public/jwks' };
            const request = { target: 'terraform', cloud, scope, issuer, audience: '$a,%b^|&;*?', inputs } as const;
            const generated = generateTrust(request, facts);
            return isNotGenerated(generated) ? [] : [generated];
          }),
        ),
      );
      assert.ok(written.length >= SCOPES.length);
      const texts = written.map(({ files }) => files[0]?.content ?? '');
      const input = texts.map((text) => JSON.stringify({ text })).join('\n');
      const { stdout, status, stderr } = spawnSync(binary, { input, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      for (const [at, line] of stdout.trim().split('\n').entries()) {
        const { problem, blocks } = JSON.parse(line) as Answer;
        assert.equal(problem, undefined, `${problem}\n${texts[at]}`);
        assert.deepEqual(sorted(REBUILT[cloud](blocks)), sorted(JSON.parse(written[at]?.document ?? '')));
      }
      return `${written.length} files`;
    });
  }
};

/** `terraform fmt` has nothing to say about what is generated. */
export const formatTerraform = async (conversation: Conversation, terraform: string): Promise<void> => {
  for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
    await conversation.line(`terraform fmt -check of trust.tf for ${cloud}`, async () => {
      const home = await conversation.home();
      for (const [index, scope] of SCOPES.entries()) {
        const generated = generateTrust({ target: 'terraform', cloud, scope, issuer: 'v1', inputs: INPUTS }, FACTS);
        if (!isNotGenerated(generated)) await home.file(`${index}.tf`, generated.files[0]?.content ?? '');
      }
      const { status, stdout, stderr } = await home.run(terraform, ['fmt', '-check', '-diff', home.folder]);
      assert.equal(status, 0, stdout + stderr);
      return 'formatted';
    });
  }
};

/** Credentials come in the order of their names. */
const sorted = (document: unknown): unknown =>
  Array.isArray(document) ? document.toSorted((one, other) => (one.name < other.name ? -1 : 1)) : document;

const attributesOf = (blocks: readonly Block[], type: string): Readonly<Record<string, unknown>> => {
  const [found, ...others] = blocks.filter(({ labels }) => labels?.[0] === type);
  assert.ok(found && others.length === 0, `one ${type}`);
  return found.attributes;
};

/** What each relying party would have, once this is applied, in the form of the document that was proved. */
const REBUILT: Readonly<Record<Exclude<CheckedBy, 'kubernetes'>, (blocks: readonly Block[]) => unknown>> = {
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
    const claims = Object.entries((bound_claims ?? {}) as Readonly<Record<string, string>>);
    return {
      config,
      role: {
        ...role,
        ...(claims.length > 0 && {
          bound_claims: Object.fromEntries(claims.map(([name, text]) => [name, text.split(',')])),
        }),
        token_ttl: '1h',
      },
    };
  },
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { generateTrust } from '../../../src/trust/generate/generate.ts';
import { isNotGenerated } from '../../../src/trust/generate/generated.ts';
import { FACTS, INPUTS } from './facts.ts';
import { HOSTILE_AUDIENCE, HOSTILE_FACTS, SCOPES } from './hostile.ts';
import { type Block, rebuilt, sorted } from './rebuilt.ts';

interface Program {
  readonly resources: Readonly<Record<string, { readonly type: string; readonly properties: Properties }>>;
}
type Properties = Readonly<Record<string, unknown>>;

/** By which name Terraform has the same resource. */
const TYPES: Readonly<Record<string, string>> = {
  'aws:iam:OpenIdConnectProvider': 'aws_iam_openid_connect_provider',
  'aws:iam:Role': 'aws_iam_role',
  'azuread:ApplicationFederatedIdentityCredential': 'azuread_application_federated_identity_credential',
  'gcp:iam:WorkloadIdentityPool': 'google_iam_workload_identity_pool',
  'gcp:iam:WorkloadIdentityPoolProvider': 'google_iam_workload_identity_pool_provider',
  'gcp:serviceaccount:IAMMember': 'google_service_account_iam_member',
  'vault:jwt:AuthBackend': 'vault_jwt_auth_backend',
  'vault:jwt:AuthBackendRole': 'vault_jwt_auth_backend_role',
};

const attributeName = (property: string): string =>
  property === 'clientIdLists' ? 'client_id_list' : property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What Pulumi makes of a value: `$$` is one `$`, `${…}` is replaced, and functions are called. */
const evaluated = (value: unknown, { resources }: Program): unknown => {
  if (typeof value === 'string') {
    const [, name = '', property = ''] = /^\$\{(\w+)(?:\.(\w+))?\}$/.exec(value) ?? [];
    if (name === 'application') return 'id of azuread_application';
    if (name !== '') return resources[name]?.properties[property];
    assert.doesNotMatch(value, /(?<!\$)(?:\$\$)*\$\{/, 'something would be replaced in it');
    return value.replaceAll('$$', '$');
  }
  if (Array.isArray(value)) return value.map((each) => evaluated(each, { resources }));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, of]) => [name.replaceAll('$$', '$'), evaluated(of, { resources })]);
  const [called, given] = entries[0] ?? [];
  if (called === 'fn::toJSON') return JSON.stringify(given);
  return called === 'fn::readFile' ? `file ${given}` : Object.fromEntries(entries);
};

const blocksOf = (program: Program): readonly Block[] =>
  Object.entries(program.resources).map(([name, { type, properties }]) => {
    const { oidc, ...rest } = evaluated(properties, program) as Record<string, Properties>;
    const attributes = (of: Properties) =>
      Object.fromEntries(Object.entries(of).map(([property, value]) => [attributeName(property), value]));
    return {
      labels: [TYPES[type] ?? type, name],
      attributes: attributes(rest),
      blocks: oidc ? [{ labels: [], attributes: attributes(oidc), blocks: [] }] : [],
    };
  });

for (const cloud of ['aws', 'azure', 'google', 'vault'] as const) {
  test(`Pulumi.yaml for ${cloud} holds the document that was proved, whatever is in the names`, () => {
    let seen = 0;
    for (const scope of SCOPES) {
      for (const issuer of ['v1', 'v2'] as const) {
        for (const facts of [FACTS, HOSTILE_FACTS]) {
          const inputs = { ...INPUTS, googleKeys: 'public/jwks' };
          const request = { target: 'pulumi', cloud, scope, issuer, audience: HOSTILE_AUDIENCE, inputs } as const;
          const generated = generateTrust(request, facts);
          if (isNotGenerated(generated)) continue;
          const blocks = blocksOf(parse(generated.files[0]?.content ?? ''));
          assert.deepEqual(sorted(rebuilt(cloud, blocks)), sorted(JSON.parse(generated.document)));
          seen++;
        }
      }
    }
    assert.ok(seen >= SCOPES.length);
  });
}

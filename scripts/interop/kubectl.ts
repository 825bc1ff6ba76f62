import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type CloudHost, startCloudHost } from '../../test/interop/cloud-host.ts';
import type { Conversation } from './conversation.ts';
import { openTrustDesk, SCOPES, type TrustDesk } from './trust-desk.ts';

const GROUP = 'rbac.authorization.k8s.io';
const BINDINGS = `/apis/${GROUP}/v1/namespaces/default/rolebindings`;

/** The least of an API server that kubectl applies a binding to: discovery, and bindings, which it keeps. */
const startApiServer = async (saved: Map<string, object>): Promise<CloudHost> =>
  startCloudHost(async ({ method, path: whole, body }) => {
    const path = whole.replace(/\?.*/, '');
    const found = DISCOVERY[path];
    if (found) return { status: 200, body: found };
    const name = path.slice(BINDINGS.length + 1);
    const known = saved.get(name);
    if (method === 'GET' && known) return { status: 200, body: known };
    if (method === 'POST' && path === BINDINGS) {
      const binding = JSON.parse(body) as { readonly metadata: { readonly name: string } };
      saved.set(binding.metadata.name, binding);
      return { status: 201, body: binding };
    }
    return {
      status: 404,
      body: { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 },
    };
  });

const VERSION = { groupVersion: `${GROUP}/v1`, version: 'v1' };
const OPENAPI = `/openapi/v3/apis/${GROUP}/v1`;

const DISCOVERY: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [{ name: GROUP, versions: [VERSION], preferredVersion: VERSION }],
  },
  [`/apis/${GROUP}/v1`]: {
    kind: 'APIResourceList',
    groupVersion: `${GROUP}/v1`,
    resources: [
      {
        name: 'rolebindings',
        singularName: 'rolebinding',
        namespaced: true,
        kind: 'RoleBinding',
        verbs: ['create', 'get', 'patch'],
      },
    ],
  },
  // Says that the server itself refuses unknown fields, so that kubectl leaves that to it.
  '/openapi/v3': { paths: { [OPENAPI.slice('/openapi/v3/'.length)]: { serverRelativeURL: OPENAPI } } },
  [OPENAPI]: {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1' },
    paths: {
      [BINDINGS.replace('default', '{namespace}').concat('/{name}')]: {
        patch: {
          parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
          'x-kubernetes-group-version-kind': { group: GROUP, version: 'v1', kind: 'RoleBinding' },
        },
      },
    },
  },
};

/** `kubectl apply`, as printed, against the least of an API server; the second time it finds nothing to change. */
export const talkAsKubectl = async (conversation: Conversation): Promise<void> => {
  const desk = await openTrustDesk(conversation, 'https://id.example.com');
  try {
    for (const [name, flags] of SCOPES) {
      await conversation.line(`kubectl, twice as printed: ${name}`, async () => {
        const saved = new Map<string, object>();
        const server = await startApiServer(saved);
        return applied(desk, server, saved, flags).finally(() => server.stop());
      });
    }
  } finally {
    await desk.close();
  }
};

const applied = async (desk: TrustDesk, server: CloudHost, saved: Map<string, object>, flags: readonly string[]) => {
  const given = [...flags, '--kubernetes-role', 'edit'];
  const cluster = { name: 'here', cluster: { server: server.url } };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'nobody' } }],
    users: [{ name: 'nobody', user: {} }],
    'current-context': 'here',
  };
  const KUBECONFIG = await desk.home.file('kubeconfig', JSON.stringify(config));
  const folder = await desk.follow('kubernetes', given, {
    KUBECONFIG,
    KUBECACHEDIR: join(folderOf(desk, server), 'cache'),
  });
  const asked = server.asked.filter(({ path }) => path.startsWith(BINDINGS)).map(({ method }) => method);
  assert.deepEqual(asked, ['GET', 'POST', 'GET'], 'the second time it is unchanged');
  const { metadata, ...rest } = [...saved.values()][0] as { readonly metadata: { readonly annotations: object } };
  const { annotations, ...others } = metadata;
  const written = parse(await readFile(join(folder, 'role-binding.yaml'), 'utf8'));
  assert.deepEqual({ ...rest, metadata: others }, written);
  assert.deepEqual(Object.keys(annotations), ['kubectl.kubernetes.io/last-applied-configuration']);
  await desk.verify(parse(await readFile(join(folder, 'authentication-configuration.yaml'), 'utf8')), flags);
  return `${written.metadata.name} applied, then unchanged`;
};

/** Each server has a cache of its own. */
const folderOf = ({ home }: TrustDesk, { url }: CloudHost): string => join(home.folder, new URL(url).port);

import { isDeepStrictEqual } from 'node:util';
import { type CloudHost, type CloudQuestion, type CloudReply, startCloudHost } from './cloud-host.ts';
import type { Json } from './profile.ts';

/** What an administrator has set up in a project: pools and providers by their resource names, policies of accounts. */
export interface GoogleIam extends CloudHost {
  readonly resources: ReadonlyMap<string, Json>;
  /** By the e-mail address of the service account. */
  readonly policies: ReadonlyMap<string, IamPolicy>;
}

export interface IamPolicy {
  readonly bindings: readonly IamBinding[];
  readonly etag: string;
}

interface IamBinding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Json;
}

interface Project {
  readonly id: string;
  readonly number: string;
  /** By e-mail address, with what their policies hold already. */
  readonly serviceAccounts: Readonly<Record<string, readonly IamBinding[]>>;
}

/** What a request is, taken apart. */
interface Asked extends Pick<CloudQuestion, 'method'> {
  readonly query: URLSearchParams;
  readonly body: Json;
}

const refusal = (code: number, status: string, message: string): CloudReply => ({
  status: code,
  body: { error: { code, message, status } },
});
const invalid = (message: string): CloudReply => refusal(400, 'INVALID_ARGUMENT', message);

/**
 * Google's IAM for pools, providers and policies of service accounts, as strict as its documentation is, with answers
 * that are long-running operations, done at once. Projects are taken by id and named by number.
 */
export const startStrictGoogleIam = async (project: Project): Promise<GoogleIam> => {
  const resources = new Map<string, Json>();
  const policies = new Map<string, IamPolicy>(
    Object.entries(project.serviceAccounts).map(([mail, bindings]) => [mail, { bindings, etag: 'ACAB' }]),
  );
  const host = await startCloudHost(async ({ method, path, body, headers }) => {
    if (!/^Bearer .+/.test(headers.authorization ?? '')) return refusal(401, 'UNAUTHENTICATED', 'Who are you?');
    const url = new URL(path, 'http://iam');
    const asked: Asked = { method, query: url.searchParams, body: body === '' ? {} : (JSON.parse(body) as Json) };
    const [, account, verb] = /^\/v1\/projects\/[^/]+\/serviceAccounts\/([^/:]+):(\w+)$/.exec(url.pathname) ?? [];
    if (account !== undefined) return ofAccount(policies, decodeURIComponent(account), verb ?? '', asked);
    const [, id, place] =
      /^\/v1\/projects\/([^/]+)\/(locations\/global\/workloadIdentityPools.*)$/.exec(url.pathname) ?? [];
    if (id !== project.id && id !== project.number) return refusal(403, 'PERMISSION_DENIED', `No ${url.pathname}.`);
    return ofPools(resources, `projects/${project.number}/${place}`, asked);
  });
  return { ...host, resources, policies };
};

const ofAccount = (policies: Map<string, IamPolicy>, mail: string, verb: string, { body }: Asked): CloudReply => {
  const known = policies.get(mail);
  if (!known) return refusal(404, 'NOT_FOUND', `Unknown service account ${mail}`);
  if (verb === 'getIamPolicy') return { status: 200, body: { version: 3, ...known } };
  if (verb !== 'setIamPolicy') return refusal(404, 'NOT_FOUND', verb);
  const { bindings = [], etag } = body['policy'] as Partial<IamPolicy>;
  if (etag !== known.etag) return refusal(409, 'ABORTED', 'There were concurrent policy changes.');
  const members = bindings.flatMap((binding) => binding.members);
  const wrong = members.find((member) => member.startsWith('principal') && !MEMBER.test(member));
  if (wrong !== undefined) return invalid(`Invalid member: ${wrong}`);
  const etagNow = Buffer.from(JSON.stringify(bindings)).toString('base64').slice(-24);
  policies.set(mail, { bindings, etag: etagNow });
  return { status: 200, body: { bindings, etag: etagNow } };
};

/** Of those that speak of a pool: with the project's number, and no wildcard but `/*` of a set. */
const MEMBER =
  /^(?:principal:\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/subject\/[^*]+|principalSet:\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/(?:\*|group\/[^*]+|attribute\.[a-z0-9_]+\/[^*]+))$/;

const ofPools = (resources: Map<string, Json>, name: string, { method, query, body }: Asked): CloudReply => {
  const kind = name.includes('/providers') ? 'Provider' : 'Pool';
  if (method === 'GET') {
    const known = resources.get(name);
    return known ? { status: 200, body: known } : refusal(404, 'NOT_FOUND', 'Requested entity was not found.');
  }
  if (method === 'POST') {
    const id = query.get(`workloadIdentityPool${kind === 'Pool' ? '' : 'Provider'}Id`) ?? '';
    if (!/^(?!gcp-)[a-z0-9-]{4,32}$/.test(id)) return invalid(`Invalid id: ${id}`);
    const parent = name.replace(/\/(?:providers|workloadIdentityPools)$/, '');
    if (kind === 'Provider' && !resources.has(parent)) return refusal(404, 'NOT_FOUND', `No ${parent}.`);
    const own = `${name}/${id}`;
    if (resources.has(own)) return refusal(409, 'ALREADY_EXISTS', 'Requested entity already exists');
    return store(resources, own, body, kind);
  }
  const known = resources.get(name);
  if (method !== 'PATCH' || !known) return refusal(404, 'NOT_FOUND', 'Requested entity was not found.');
  const mask = (query.get('updateMask') ?? '').split(',');
  const changed = mask.reduce((before, path) => withPath(before, path, body), known);
  return store(resources, name, changed, kind);
};

/** Takes over what stands at a path of the mask; absent there: it is taken away. */
const withPath = (before: Json, path: string, from: Json): Json => {
  const [head = '', ...rest] = path.split('.');
  const { [head]: old, ...others } = before;
  const given = from[head];
  if (given === undefined) return others;
  return rest.length === 0
    ? { ...others, [head]: given }
    : { ...others, [head]: withPath((old ?? {}) as Json, rest.join('.'), given as Json) };
};

const store = (resources: Map<string, Json>, name: string, given: Json, kind: string): CloudReply => {
  const wrong = kind === 'Provider' ? problemWithProvider(given) : undefined;
  if (wrong !== undefined) return invalid(wrong);
  const resource = { ...given, name, state: 'ACTIVE' };
  resources.set(name, resource);
  const type = `type.googleapis.com/google.iam.v1.WorkloadIdentityPool${kind === 'Pool' ? '' : kind}`;
  return {
    status: 200,
    body: { name: `${name}/operations/done`, done: true, response: { '@type': type, ...resource } },
  };
};

const MEMBERS = [
  'name',
  'state',
  'displayName',
  'description',
  'disabled',
  'attributeMapping',
  'attributeCondition',
  'oidc',
];
const OF_OIDC = ['issuerUri', 'allowedAudiences', 'jwksJson'];

/** IAM REST reference, `projects.locations.workloadIdentityPools.providers`. */
const problemWithProvider = (provider: Json): string | undefined => {
  const { attributeMapping = {}, attributeCondition = '', oidc = {} } = provider;
  const unknown = [
    ...Object.keys(provider).filter((member) => !MEMBERS.includes(member)),
    ...Object.keys(oidc as Json).filter((member) => !OF_OIDC.includes(member)),
  ];
  if (unknown.length > 0) return `Unknown name "${unknown[0]}"`;
  const { issuerUri = '', allowedAudiences = [], jwksJson } = oidc as Json;
  if (!/^https:\/\/[^?#\s]+$/.test(String(issuerUri))) return 'OIDC issuer must be a valid https URI.';
  const audiences = allowedAudiences as readonly string[];
  if (audiences.length > 10 || audiences.some(({ length }) => length > 256)) return 'Too many or too long audiences.';
  if (jwksJson !== undefined) {
    const problem = problemWithKeys(String(jwksJson));
    if (problem) return problem;
  }
  if (String(attributeCondition).length > 4096) return 'The attribute condition is too long.';
  const mapping = Object.entries(attributeMapping as Json);
  if (!mapping.some(([target]) => target === 'google.subject')) return 'google.subject must be mapped.';
  for (const [target, expression] of mapping) {
    if (
      !/^(?:google\.(?:subject|groups|display_name|profile_photo|posix_username)|attribute\.[a-z0-9_]{1,100})$/.test(
        target,
      )
    ) {
      return `Invalid mapped attribute key: ${target}`;
    }
    if (String(expression).length > 2048) return 'The attribute mapping is too long.';
  }
  return undefined;
};

const problemWithKeys = (text: string): string | undefined => {
  const { keys, ...rest } = JSON.parse(text) as { readonly keys?: readonly Json[] };
  if (!keys || !isDeepStrictEqual(rest, {})) return 'Invalid JWKs.';
  const foreign = keys
    .flatMap(Object.keys)
    .find((member) => !['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'].includes(member));
  return foreign === undefined ? undefined : `Invalid JWK member ${foreign}.`;
};

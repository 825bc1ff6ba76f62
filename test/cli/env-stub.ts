import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Heard } from './trust-stub.ts';

/** A value as the API tells it, of a bare one; `secret` marks what stands below such a key as secret. */
export const told = (value: unknown, secret: ReadonlySet<string> = new Set(), isSecret = false): object => {
  const trace = { def: { environment: 'core/dev', begin: at(1, 1), end: at(1, 2) } };
  const flag = isSecret ? { secret: true } : {};
  if (Array.isArray(value)) return { value: value.map((item) => told(item, secret, isSecret)), ...flag, trace };
  if (typeof value !== 'object' || value === null) return { value, ...flag, trace };
  const members = Object.entries(value).map(([key, item]) => [key, told(item, secret, isSecret || secret.has(key))]);
  return { value: Object.fromEntries(members), ...flag, trace };
};

const at = (line: number, column: number) => ({ line, column, byte: 0 });

export const diagnostic = (summary: string, line: number, column: number, endColumn: number, more: object = {}) => ({
  summary,
  path: 'values.x',
  severity: 'error',
  range: { environment: '<yaml>', begin: at(line, column), end: at(line, endColumn) },
  ...more,
});

export interface StubEnvironment {
  readonly revisions: string[];
  readonly tags: Map<string, number>;
}

export interface EnvStub {
  readonly url: string;
  readonly heard: Heard[];
  readonly environments: Map<string, StubEnvironment>;
  /** What opening and checking say; changed by the test. */
  values: object;
  diagnostics: object[];
  /** Raw JSON of a session, in place of `values`. */
  session?: string | undefined;
  /** Done once, right after a definition was read. */
  meanwhile?: (() => void) | undefined;
  stop(): void;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const refusal = (status: number, message: string, code: string): Answer => ({
  status,
  body: { code: status, message, refusal: code },
});

/** The part of the REST surface that the command line uses, as the OpenAPI description has it, in memory. */
export const startEnvStub = async (): Promise<EnvStub> => {
  const heard: Heard[] = [];
  const environments = new Map<string, StubEnvironment>();
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: await text(request) };
    heard.push(one);
    const { status, body, raw, headers: more } = answer(stub, one);
    response.writeHead(status, more);
    response.end(raw ?? (body === undefined ? undefined : JSON.stringify(body)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const stub: EnvStub = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    heard,
    environments,
    values: {},
    diagnostics: [],
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return stub;
};

const NAMED = /^\/([^/]+)\/([^/]+)(?:\/versions\/([^/]+))?(\/.*)?$/;

const answer = (stub: EnvStub, { method, path, headers, body }: Heard): Answer => {
  const { pathname, searchParams: query } = new URL(path, 'http://stub');
  if (pathname === '/api/user/organizations/default') return { status: 200, body: { GitHubLogin: 'acme' } };
  if (!pathname.startsWith('/api/esc/environments/acme')) return refusal(404, 'No such organization.', 'not_found');
  const below = pathname.replace('/api/esc/environments/acme', '');
  if (below === '')
    return method === 'POST' ? create(stub, JSON.parse(body)) : list(stub, query.get('continuationToken'));
  if (below === '/yaml/check') return withDiagnostics(stub, { properties: stub.values });
  const [, project, name, version, rest = ''] = NAMED.exec(below) ?? [];
  const environment = stub.environments.get(`${project}/${name}`);
  if (!environment) return refusal(404, `There is no environment ${project}/${name}.`, 'not_found');
  if (version === 'tags') return tags(environment, method, rest.slice(1), body);
  if (below.endsWith('/versions')) return revisions(environment, query);
  if (rest === '/open') return open(stub, query);
  if (rest.startsWith('/open/'))
    return { status: 200, raw: stub.session ?? JSON.stringify({ properties: stub.values }) };
  if (method === 'DELETE')
    return stub.environments.delete(`${project}/${name}`) ? { status: 204 } : refusal(404, '', '');
  if (method === 'PATCH') return save(stub, environment, headers['etag'], body);
  const number = version === undefined ? environment.revisions.length : revisionOf(environment, version);
  const definition = environment.revisions[number - 1] ?? '';
  stub.meanwhile?.();
  stub.meanwhile = undefined;
  return { status: 200, raw: rest === '/decrypt' ? `# decrypted\n${definition}` : definition, headers: marks(number) };
};

const marks = (number: number) => ({ etag: `"${number}"`, 'pulumi-esc-revision': String(number) });

const revisionOf = ({ tags, revisions }: StubEnvironment, version: string): number =>
  version === 'latest' ? revisions.length : (tags.get(version) ?? Number(version));

const create = (stub: EnvStub, { project, name }: { readonly project: string; readonly name: string }): Answer => {
  stub.environments.set(`${project}/${name}`, { revisions: [''], tags: new Map() });
  return { status: 204 };
};

const list = ({ environments }: EnvStub, after: string | null): Answer => {
  const names = [...environments.keys()].sort();
  const from = after === null ? 0 : names.indexOf(after) + 1;
  const shown = names.slice(from, from + 2);
  const time = { created: '2026-01-01T00:00:00Z', modified: '2026-01-02T00:00:00Z' };
  const rows = shown.map((name) => ({
    organization: 'acme',
    project: name.split('/')[0],
    name: name.split('/')[1],
    ...time,
  }));
  const isLast = from + 2 >= names.length;
  return { status: 200, body: { environments: rows, nextToken: isLast ? '' : shown.at(-1) } };
};

const hasError = ({ diagnostics }: EnvStub): boolean =>
  diagnostics.some((one) => (one as { readonly severity?: string }).severity !== 'warning');

const withDiagnostics = (stub: EnvStub, body: object, headers = {}): Answer => {
  const { diagnostics } = stub;
  if (!hasError(stub))
    return { status: 200, body: { ...body, ...(diagnostics.length > 0 && { diagnostics }) }, headers };
  return { status: 400, body: { code: 400, message: 'It is not valid.', refusal: 'invalid_request', diagnostics } };
};

const open = (stub: EnvStub, query: URLSearchParams): Answer => {
  const tokens = [{ environment: 'core/dev', provider: 'aws-login', token: 'a.b.c' }];
  const opened = withDiagnostics(stub, query.get('tokensOnly') === 'true' ? { tokens } : { id: 'session_1' });
  const { diagnostics, ...body } = opened.body as { readonly diagnostics?: readonly object[] };
  // Beside what was opened they stand one level deeper.
  return opened.status === 200 && diagnostics
    ? { status: 200, body: { ...body, diagnostics: { diagnostics } } }
    : opened;
};

const save = (stub: EnvStub, { revisions }: StubEnvironment, etag: unknown, body: string): Answer => {
  if (etag !== undefined && etag !== `"${revisions.length}"`) {
    return refusal(409, 'Somebody else has changed the environment.', 'conflict');
  }
  if (hasError(stub)) return withDiagnostics(stub, {});
  revisions.push(body);
  return withDiagnostics(stub, {}, marks(revisions.length));
};

const revisions = ({ revisions: all, tags: named }: StubEnvironment, query: URLSearchParams): Answer => {
  const before = Number(query.get('before') ?? all.length + 1);
  const numbers = all.map((_, index) => index + 1).filter((number) => number < before);
  const shown = numbers.reverse().slice(0, Number(query.get('count')));
  const tagsOf = (number: number) => [...named].filter(([, revision]) => revision === number).map(([tag]) => tag);
  const rows = shown.map((number) => ({ number, creatorLogin: 'admin', creatorName: 'admin', tags: tagsOf(number) }));
  return { status: 200, body: rows };
};

const tags = (environment: StubEnvironment, method: string, tag: string, body: string): Answer => {
  const { tags: all } = environment;
  const told = (name: string) => ({ name, revision: revisionOf(environment, name), editorLogin: 'admin' });
  if (method === 'GET') {
    return { status: 200, body: tag === '' ? { tags: [...all.keys()].map(told), nextToken: '0' } : told(tag) };
  }
  if (method === 'DELETE')
    return all.delete(tag) ? { status: 204 } : refusal(404, 'There is no such tag.', 'not_found');
  const { name = tag, revision } = JSON.parse(body) as { readonly name?: string; readonly revision: number };
  if (method === 'POST' && all.has(name)) return refusal(409, 'The tag exists.', 'conflict');
  all.set(name, revision);
  return { status: 204 };
};

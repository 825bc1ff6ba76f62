import type { Plain } from '../../../environments/values.ts';
import {
  apiPath,
  type Client,
  isGranted,
  openClient,
  parseAnswer,
  type Question,
  type RawAnswer,
  refusedBy,
} from '../../client.ts';
import { diagnosticsOf, type ToldDiagnostic } from '../../env-output/diagnostics.ts';
import { readExactJson } from '../../env-output/value-tree.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { NamedEnvironment } from './reference.ts';

/** A definition as it is stored. */
export interface StoredDefinition {
  readonly text: string;
  /** Goes with the next change, which is refused when somebody else was faster. */
  readonly etag: string | undefined;
}

/** What came of something that a definition can be too wrong for. */
export interface Outcome {
  /** Absent: it was not done, because of the errors among the diagnostics. */
  readonly answer?: Plain;
  /** Number of the revision that it made. */
  readonly revision?: string | undefined;
  readonly diagnostics: readonly ToldDiagnostic[];
}

/** Environments of one organization, over the API. */
export interface EnvDesk {
  readonly org: string;
  /** A JSON answer of what must succeed. `path` is below the organization. */
  ask(question: Question): Promise<Plain>;
  /** `undefined` where there is no such environment, or version of it. */
  findDefinition(environment: NamedEnvironment, decrypted?: boolean): Promise<StoredDefinition | undefined>;
  definition(environment: NamedEnvironment, decrypted?: boolean): Promise<StoredDefinition>;
  create(environment: NamedEnvironment): Promise<void>;
  save(environment: NamedEnvironment, text: string, etag: string | undefined): Promise<Outcome>;
  check(text: string, showSecrets: boolean): Promise<Outcome>;
  /** The same for anything else that answers with diagnostics. */
  attempt(question: Question): Promise<Outcome>;
}

const BASE = '/api/esc/environments';

/** Path of an environment, or of a version of it, below the organization. */
export const pathOf = ({ project, name, version }: NamedEnvironment): string =>
  version === undefined ? apiPath`/${project}/${name}` : apiPath`/${project}/${name}/versions/${version}`;

/** Opens the desk of an organization; absent: that of the access token. */
export const openEnvDesk = async (around: Surroundings, org: string | undefined): Promise<EnvDesk> => {
  const client = await openClient(around);
  return deskOf(client, await client.organization(org));
};

const deskOf = (client: Client, org: string): EnvDesk => {
  const send = (question: Question): Promise<RawAnswer> =>
    client.ask({ ...question, path: BASE + apiPath`/${org}` + question.path });
  /** With every digit of its numbers. */
  const read = ({ text }: RawAnswer): Plain => (text === '' ? new Map() : parseAnswer(client.url, text, readExactJson));
  const granted = async (question: Question): Promise<RawAnswer> => {
    const answer = await send(question);
    if (isGranted(answer)) return answer;
    throw refusedBy(client, answer);
  };
  const attempt = async (question: Question): Promise<Outcome> => {
    const answer = await send(question);
    const { revision } = answer;
    if (isGranted(answer)) {
      const content = read(answer);
      return { answer: content, revision, diagnostics: diagnosticsOf(content) };
    }
    const diagnostics = answer.status === 400 ? diagnosticsOf(read(answer)) : [];
    if (diagnostics.length === 0) throw refusedBy(client, answer);
    return { diagnostics };
  };
  const find = async (environment: NamedEnvironment, decrypted: boolean): Promise<RawAnswer> =>
    send({ method: 'GET', path: pathOf(environment) + (decrypted ? '/decrypt' : '') });
  const stored = ({ text, etag }: RawAnswer): StoredDefinition => ({ text, etag });

  return {
    org,
    ask: async (question) => read(await granted(question)),
    async findDefinition(environment, decrypted = false) {
      const answer = await find(environment, decrypted);
      if (answer.status === 404) return undefined;
      if (isGranted(answer)) return stored(answer);
      throw refusedBy(client, answer);
    },
    async definition(environment, decrypted = false) {
      const answer = await find(environment, decrypted);
      if (isGranted(answer)) return stored(answer);
      throw refusedBy(client, answer);
    },
    async create({ project, name }) {
      await granted({ method: 'POST', path: '', json: { project, name } });
    },
    save: (environment, yaml, etag) => attempt({ method: 'PATCH', path: pathOf(environment), yaml, etag }),
    check: (yaml, showSecrets) =>
      attempt({ method: 'POST', path: '/yaml/check', query: { showSecrets: String(showSecrets) }, yaml }),
    attempt,
  };
};

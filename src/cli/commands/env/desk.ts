import type { Plain } from '../../../environments/values.ts';
import { apiPath } from '../../client.ts';
import { diagnosticsOf, type ToldDiagnostic } from '../../env-output/diagnostics.ts';
import { member } from '../../env-output/value-tree.ts';
import type { Surroundings } from '../../surroundings.ts';
import {
  type Exchange,
  isGranted,
  openExchange,
  type Question,
  type RawAnswer,
  readJsonAnswer,
  refusedBy,
} from './exchange.ts';
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
  const exchange = await openExchange(around);
  return deskOf(exchange, org ?? (await defaultOrganization(exchange)));
};

const defaultOrganization = async (exchange: Exchange): Promise<string> => {
  const answer = await exchange({ method: 'GET', path: '/api/user/organizations/default' });
  const name = isGranted(answer) ? member(readJsonAnswer(answer.text), 'GitHubLogin') : undefined;
  if (typeof name !== 'string') throw refusedBy(answer);
  return name;
};

const deskOf = (exchange: Exchange, org: string): EnvDesk => {
  const send = (question: Question): Promise<RawAnswer> =>
    exchange({ ...question, path: BASE + apiPath`/${org}` + question.path });
  const granted = async (question: Question): Promise<RawAnswer> => {
    const answer = await send(question);
    if (isGranted(answer)) return answer;
    throw refusedBy(answer);
  };
  const attempt = async (question: Question): Promise<Outcome> => {
    const answer = await send(question);
    const { revision } = answer;
    if (isGranted(answer)) {
      const content = readJsonAnswer(answer.text);
      return { answer: content, revision, diagnostics: diagnosticsOf(content) };
    }
    const diagnostics = answer.status === 400 ? diagnosticsOf(readJsonAnswer(answer.text)) : [];
    if (diagnostics.length === 0) throw refusedBy(answer);
    return { diagnostics };
  };
  const find = async (environment: NamedEnvironment, decrypted: boolean): Promise<RawAnswer> =>
    send({ method: 'GET', path: pathOf(environment) + (decrypted ? '/decrypt' : '') });
  const stored = ({ text, etag }: RawAnswer): StoredDefinition => ({ text, etag });

  return {
    org,
    ask: async (question) => readJsonAnswer((await granted(question)).text),
    async findDefinition(environment, decrypted = false) {
      const answer = await find(environment, decrypted);
      if (answer.status === 404) return undefined;
      if (isGranted(answer)) return stored(answer);
      throw refusedBy(answer);
    },
    async definition(environment, decrypted = false) {
      const answer = await find(environment, decrypted);
      if (isGranted(answer)) return stored(answer);
      throw refusedBy(answer);
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

import { type AwsRole, assumeRoleWithWebIdentity } from '../clouds/aws.ts';
import type { Clouds } from '../clouds/clouds.ts';
import { CloudProblem, isPassing } from '../clouds/problem.ts';
import { loginToVault, type VaultLogin } from '../clouds/vault.ts';
import { writeTime } from '../system.ts';
import type { IdToken } from './id-token.ts';
import { type Pace, persist } from './pace.ts';
import { type Credentials, googleConfig } from './published.ts';
import { type Advise, CredentialsRefused, failureAt, failureOfMint, NotPublishable } from './refused-credentials.ts';
import { isPassingProblem, type RunDesk, RunProblem, type TokenWish } from './run-desk.ts';
import type { Failure, Report } from './steps.ts';
import type { TargetName, Targets } from './targets.ts';
import type { WorkFolder } from './work-folder.ts';

export interface FetchTools {
  readonly desk: Pick<RunDesk, 'mint'>;
  readonly clouds: Pick<Clouds, 'post' | 'endpoints'>;
  readonly pace: Pace;
  readonly folder: WorkFolder;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly advise?: Advise;
}

/** A token that stands in a file, and is to stay fresh there. */
export interface TokenInFile {
  readonly about: TargetName;
  readonly name: string;
  readonly wish: TokenWish;
  readonly token: IdToken;
}

export interface Fetched {
  readonly credentials: Credentials;
  readonly inFiles: readonly TokenInFile[];
  readonly vault?: VaultLogin;
}

/** A token that a cloud takes at once need not live long; one in a file lives as long as any. */
export const AT_ONCE = 300;
export const IN_FILE = 3600;

/** For how long a cloud or a server that is busy is asked again. */
const BUDGET_MS = 30_000;

/**
 * Asks for a token for each cloud of a run, and turns it into what that cloud's SDKs take.
 *
 * Each cloud gets a token of its own. Busy clouds are asked again for a while. Throws `CredentialsRefused` with all that
 * went wrong; files that it wrote are the folder's.
 */
export const fetchCredentials = async (
  targets: Targets,
  { aws: awsForm, audience }: { readonly aws: 'keys' | 'file'; readonly audience?: string | undefined },
  tools: FetchTools,
): Promise<Fetched> => {
  const { clouds, pace, folder, signal } = tools;
  const mint = (wish: TokenWish): Promise<IdToken> =>
    persist(() => tools.desk.mint(wish, signal), pace, { budgetMs: BUDGET_MS, isPassing: isPassingProblem, signal });
  const inFile = async (about: TargetName): Promise<TokenInFile & { readonly path: string }> => {
    const wish = { target: about, lifetime: IN_FILE };
    const token = await mint(wish);
    const name = `${about}-token`;
    return { about, name, wish, token, path: await folder.put(name, token.text.reveal()) };
  };
  const { aws, azure, google, vault } = targets;

  const [token, forAws, forAzure, forGoogle, forVault] = await settle([
    attempt('token', tools, () => mint({ lifetime: IN_FILE, ...(audience !== undefined && { audience }) })),
    attempt('aws', tools, async (present) => {
      if (!aws) return undefined;
      if (awsForm === 'file') return { kind: 'file' as const, role: openToAll(aws), ...(await inFile('aws')) };
      const idToken = present(await mint({ target: 'aws', lifetime: AT_ONCE }));
      const keys = await calm(() => assumeRoleWithWebIdentity(whole(clouds), idToken.text, aws), tools);
      return { kind: 'keys' as const, role: aws, keys };
    }),
    attempt('azure', tools, async () => azure && { client: azure, ...(await inFile('azure')) }),
    attempt('google', tools, async () => {
      if (!google) return undefined;
      const file = await inFile('google');
      const config = googleConfig(google, { file: file.path }, clouds.endpoints);
      return { account: google, configPath: await folder.put('google-credentials.json', config), ...file };
    }),
    attempt('vault', tools, async (present) => {
      if (!vault) return undefined;
      const idToken = present(await mint({ target: 'vault', lifetime: AT_ONCE }));
      return {
        role: vault,
        login: await calm(() => loginToVault(clouds.post, vault.server, idToken.text, vault), tools),
      };
    }),
  ]);
  const fetched: Fetched = {
    credentials: {
      token,
      ...(forAws && { aws: forAws }),
      ...(forAzure && { azure: forAzure }),
      ...(forGoogle && { google: forGoogle }),
      ...(forVault && { vault: { role: forVault.role, token: forVault.login.token } }),
    },
    inFiles: [
      ...(forAws?.kind === 'file' ? [forAws] : []),
      ...(forAzure ? [forAzure] : []),
      ...(forGoogle ? [forGoogle] : []),
    ],
    ...(forVault && { vault: forVault.login }),
  };
  tellOf(fetched, tools.report);
  return fetched;
};

/** With a token file the SDK calls STS itself, and would get a session that nothing narrows down. */
const openToAll = (role: AwsRole): AwsRole => {
  if (role.policyArns.length === 0) return role;
  throw new NotPublishable(
    'The settings of the stack narrow the session down by policyArns, of which a token file cannot tell the SDK: take --aws keys.',
  );
};

/** Vault's server stands in the settings of the stack, and we are in the network that it is to be reached from. */
const whole = ({ post, endpoints }: Pick<Clouds, 'post' | 'endpoints'>): Clouds => ({
  post,
  endpoints,
  postToStranger: post,
});

const calm = <T>(call: () => Promise<T>, { pace, signal }: Pick<FetchTools, 'pace' | 'signal'>): Promise<T> =>
  persist(call, pace, {
    budgetMs: BUDGET_MS,
    isPassing: (reason) => reason instanceof CloudProblem && isPassing(reason),
    signal,
  });

type Attempted<T> = { readonly value: T } | { readonly failure: Failure };

/** What a cloud or the server refuses is told of with all the rest; anything else is thrown. */
const attempt = async <T>(
  about: TargetName | 'token',
  { report, advise }: Pick<FetchTools, 'report' | 'advise'>,
  work: (present: (token: IdToken) => IdToken) => Promise<T>,
): Promise<Attempted<T>> => {
  let presented: IdToken | undefined;
  try {
    return { value: await work((token) => (presented = token)) };
  } catch (reason) {
    const failure =
      reason instanceof CloudProblem && presented && about !== 'token'
        ? failureAt(about, reason, presented, advise)
        : reason instanceof RunProblem
          ? failureOfMint(about, reason)
          : reason instanceof NotPublishable
            ? { about, message: reason.message }
            : undefined;
    if (!failure) throw reason;
    report({ kind: 'failure', ...failure });
    return { failure };
  }
};

type Values<T extends readonly unknown[]> = {
  -readonly [K in keyof T]: T[K] extends Promise<Attempted<infer V>> ? V : never;
};

const settle = async <T extends readonly Promise<Attempted<unknown>>[]>(
  attempts: readonly [...T],
): Promise<Values<T>> => {
  const attempted = await Promise.all(attempts);
  const failures = attempted.flatMap((one) => ('failure' in one ? [one.failure] : []));
  if (failures.length > 0) throw new CredentialsRefused(failures);
  return attempted.map((one) => ('value' in one ? one.value : undefined)) as Values<T>;
};

const tellOf = ({ credentials: { aws, azure, google, vault }, vault: login }: Fetched, report: Report): void => {
  const tell = (about: string, detail: string): void => report({ kind: 'detail', about, detail });
  if (aws?.kind === 'keys') {
    const until = aws.keys.expires === undefined ? '' : ` until ${writeTime(aws.keys.expires)}`;
    tell(
      'aws',
      `keys of ${aws.role.roleArn} as ${aws.role.sessionName}${until}; take --aws file for what lasts longer`,
    );
  }
  if (aws?.kind === 'file') tell('aws', `token file for ${aws.role.roleArn} as ${aws.role.sessionName}`);
  if (azure) tell('azure', `token file for client ${azure.client.clientId ?? '(none set)'}`);
  if (google) tell('google', `token file for ${google.account.serviceAccount}`);
  if (vault && login) {
    const lasts =
      login.lifetime === 0 ? 'without an end' : `for ${login.lifetime} s${login.renewable ? ', renewed' : ''}`;
    tell('vault', `token of role ${vault.role.role} at ${vault.role.server.address} ${lasts}`);
  }
};

import { apiPath } from '../../client.ts';
import { member, type Tree, treeOf } from '../../env-output/value-tree.ts';
import { failed } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type EnvDesk, pathOf } from './desk.ts';
import { printDiagnostics, stoppedBy } from './print-diagnostics.ts';
import type { NamedEnvironment } from './reference.ts';

/** Opening may call clouds for half a minute. */
const OPENING_MS = 60_000;

export interface OpeningWish {
  /** Seconds that the session lives. */
  readonly lifetime: number;
  /** Only what this part of the values needs is opened. */
  readonly property?: string | undefined;
  readonly eager?: boolean | undefined;
  /** Imports that others take the place of, this time; as `encodeOverrides` gives them. */
  readonly overrides?: string | undefined;
}

/** Opens an environment and gives its values; prints what is wrong with it, warnings too. Throws on errors. */
export const openValues = async (
  around: Surroundings,
  desk: EnvDesk,
  environment: NamedEnvironment,
  wish: OpeningWish,
): Promise<Tree> => {
  const answer = await open(around, desk, environment, wish, {});
  const id = member(answer, 'id');
  if (typeof id !== 'string') throw failed('The server opened the environment and did not say where.');
  const { project, name } = environment;
  const path = apiPath`/${project}/${name}/open/${id}`;
  return treeOf(await desk.ask({ method: 'GET', path }));
};

/** The ID tokens with which the logins of an environment would be opened. No cloud is called. */
export const askForTokens = async (
  around: Surroundings,
  desk: EnvDesk,
  environment: NamedEnvironment,
  wish: OpeningWish,
) => member(await open(around, desk, environment, wish, { tokensOnly: 'true' }), 'tokens') ?? [];

const open = async (
  around: Surroundings,
  desk: EnvDesk,
  environment: NamedEnvironment,
  { lifetime, property, eager, overrides }: OpeningWish,
  more: Readonly<Record<string, string>>,
) => {
  const flags = { ...(eager && { eager: 'true' }), environmentOverrides: overrides };
  const query = { duration: `${lifetime}s`, property, ...flags, ...more };
  const question = { method: 'POST', path: `${pathOf(environment)}/open`, query, patienceMs: OPENING_MS } as const;
  const { answer, diagnostics } = await showProgress(around, `Opening ${environment.shown}`, desk.attempt(question));
  if (diagnostics.length > 0) {
    const source = await desk.findDefinition(environment).catch(() => undefined);
    const subject = { name: environment.shown, environment: environment.shown, text: source?.text };
    await printDiagnostics(around.stderr, desk, subject, diagnostics);
  }
  if (answer === undefined) throw stoppedBy(environment.shown, diagnostics, 'nothing was opened');
  return answer;
};

const TICK_MS = 1000;
const CLEAR_LINE = '\r\x1b[2K';

/** Says at a terminal what is waited for, and for how long already; leaves nothing behind. */
const showProgress = async <T>({ stderr, system }: Surroundings, what: string, work: Promise<T>): Promise<T> => {
  if (!stderr.isTerminal) return work;
  const began = system.clock.monotonicMs();
  const show = (): void => {
    const seconds = Math.floor((system.clock.monotonicMs() - began) / 1000);
    stderr.write(`${CLEAR_LINE}${what} …${seconds > 0 ? ` ${seconds} s` : ''}`);
  };
  show();
  const ticking = setInterval(show, TICK_MS);
  try {
    return await work;
  } finally {
    clearInterval(ticking);
    stderr.write(CLEAR_LINE);
  }
};

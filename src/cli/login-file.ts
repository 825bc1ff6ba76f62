import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Secret } from '../secret.ts';
import { type EpochSeconds, epochSeconds, readTime, writeTime } from '../system.ts';
import { failed, unusable } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** What `login` keeps for the commands after it. */
export interface Login {
  readonly url: string;
  readonly accessToken: Secret;
  /** When the token ends; absent where the server did not say. */
  readonly expires?: EpochSeconds;
  /** The organization that it was exchanged for. */
  readonly organization?: string;
}

/** A login that was read, with the file where it stands. */
export interface KeptLogin extends Login {
  readonly file: string;
}

type Place = Pick<Surroundings, 'env' | 'home'>;

/** `$XDG_CONFIG_HOME/runpass/login.json`, or the same under `~/.config`. */
const pathOf = ({ env, home }: Place): string => {
  const configured = env['XDG_CONFIG_HOME'];
  // The specification of the variable: a relative path counts as absent.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(home, '.config');
  return join(base, 'runpass', 'login.json');
};

/** `undefined` when nobody logged in here. */
export const readLogin = async (place: Place): Promise<KeptLogin | undefined> => {
  const file = pathOf(place);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const login = parseLogin(text);
  if (login) return { ...login, file };
  throw unusable(`${file} is damaged.`, 'run "runpass logout", then "runpass login"');
};

const parseLogin = (text: string): Login | undefined => {
  try {
    const { url, accessToken, expires, organization } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const end = typeof expires === 'string' ? readTime(expires) : undefined;
    if (typeof url !== 'string' || typeof accessToken !== 'string') return undefined;
    if (expires !== undefined && end === undefined) return undefined;
    if (organization !== undefined && typeof organization !== 'string') return undefined;
    return {
      url,
      accessToken: new Secret(accessToken),
      ...(end !== undefined && { expires: end }),
      ...(organization !== undefined && { organization }),
    };
  } catch {
    return undefined;
  }
};

/**
 * When the token that `source` names ends: known only of what `login` kept.
 *
 * Throws when that is over: then the server need not be asked, and the token need not travel.
 */
export const endOfLogin = async (around: Surroundings, source: string): Promise<EpochSeconds | undefined> => {
  const login = source === pathOf(around) ? await readLogin(around) : undefined;
  if (login?.expires === undefined || epochSeconds(around.system.clock) < login.expires) return login?.expires;
  const again = login.organization === undefined ? '' : ` (organization ${login.organization})`;
  throw failed(
    `The access token that login kept expired at ${writeTime(login.expires)}.`,
    `log in again: runpass login${again}`,
  );
};

/** Replaces what was there in one step; only the user can read it. */
export const writeLogin = async (place: Place, { url, accessToken, expires, organization }: Login): Promise<string> => {
  const file = pathOf(place);
  const fresh = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(fresh, { force: true });
  const kept = {
    url,
    accessToken: accessToken.reveal(),
    ...(expires !== undefined && { expires: writeTime(expires) }),
    ...(organization !== undefined && { organization }),
  };
  await writeFile(fresh, `${JSON.stringify(kept, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(fresh, file);
  return file;
};

/** False when there was none. */
export const removeLogin = async (place: Place): Promise<boolean> => {
  const file = pathOf(place);
  return rm(file).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw cause;
    },
  );
};

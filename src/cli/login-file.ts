import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Secret } from '../secret.ts';
import { unusable } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** What `login` keeps for the commands after it. */
export interface Login {
  readonly url: string;
  readonly accessToken: Secret;
  /** Where it stands. */
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
export const readLogin = async (place: Place): Promise<Login | undefined> => {
  const file = pathOf(place);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { url, accessToken } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof url === 'string' && typeof accessToken === 'string') {
      return { url, accessToken: new Secret(accessToken), file };
    }
  } catch {}
  throw unusable(`${file} is damaged.`, 'run "runpass logout", then "runpass login"');
};

/** Replaces what was there in one step; only the user can read it. */
export const writeLogin = async (place: Place, url: string, accessToken: Secret): Promise<string> => {
  const file = pathOf(place);
  const fresh = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(fresh, { force: true });
  const text = `${JSON.stringify({ url, accessToken: accessToken.reveal() }, undefined, 2)}\n`;
  await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
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

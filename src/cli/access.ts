import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../secret.ts';
import { isLoopbackHost } from '../settings/rules.ts';
import { epochSeconds } from '../system.ts';
import { unusable } from './failure.ts';
import { type KeptLogin, readLogin } from './login-file.ts';
import type { Surroundings } from './surroundings.ts';

/** A server, and an access token for it. */
export interface Access {
  readonly url: string;
  readonly accessToken: Secret;
  /** Where the token came from, for people. */
  readonly source: string;
}

/**
 * Which server does a client command speak to, and in whose name?
 *
 * RUNPASS_ACCESS_TOKEN, else what `login` wrote, else what `exchangeHere` finds, else (on the host of a server)
 * `admin.token`. A token only goes where it belongs: that of `login` to the URL it was given for, `admin.token` to this
 * machine.
 */
export const findAccess = async (
  around: Surroundings,
  exchangeHere: () => Promise<Access | undefined> = async () => undefined,
): Promise<Access> => {
  const { env } = around;
  const [url, token] = [env['RUNPASS_URL'] || undefined, env['RUNPASS_ACCESS_TOKEN'] || undefined];
  if (url !== undefined) secretTarget(url);
  if (token !== undefined) return fromEnvironment(around, token);

  const login = await readLogin(around);
  const kept = login && (url === undefined || secretTarget(url) === login.url) ? login : undefined;
  if (kept && !isOver(kept, around)) return fromLogin(kept);
  const exchanged = await exchangeHere();
  if (exchanged) return exchanged;
  if (kept) return fromLogin(kept);
  const host = await fromServerHost(around);
  if (host) return host;
  throw url === undefined
    ? unusable('Nobody is logged in here.', 'run "runpass login", or set RUNPASS_URL and RUNPASS_ACCESS_TOKEN')
    : unusable(`There is no access token for ${url} here.`, 'set RUNPASS_ACCESS_TOKEN, or run "runpass login"');
};

const isOver = ({ expires }: KeptLogin, { system }: Surroundings): boolean =>
  expires !== undefined && epochSeconds(system.clock) >= expires;

const fromLogin = ({ url, accessToken, file }: KeptLogin): Access => ({
  url: secretTarget(url),
  accessToken,
  source: file,
});

/** The server that is spoken to where nobody says otherwise: of RUNPASS_URL, of `login`, of this host. */
export const findServer = async (around: Surroundings): Promise<string | undefined> => {
  const url = around.env['RUNPASS_URL'] || (await readLogin(around))?.url || (await settingsOfHost(around))?.url;
  return url === undefined ? undefined : secretTarget(url);
};

const fromEnvironment = async (around: Surroundings, token: string): Promise<Access> => {
  const url = await findServer(around);
  if (url === undefined) {
    throw unusable('RUNPASS_ACCESS_TOKEN is set, but no server is named.', 'set RUNPASS_URL, too');
  }
  return {
    url,
    accessToken: readAccessToken(token, 'RUNPASS_ACCESS_TOKEN'),
    source: 'RUNPASS_ACCESS_TOKEN',
  };
};

const fromServerHost = async (around: Surroundings): Promise<Access | undefined> => {
  const settings = await settingsOfHost(around);
  if (!settings) return undefined;
  const file = join(settings.folders.data, 'admin.token');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || !isLoopbackHost(new URL(settings.url).hostname)) return undefined;
  return { url: secretTarget(settings.url), accessToken: readAccessToken(text, file), source: file };
};

const settingsOfHost = async ({ env, cwd }: Surroundings) => {
  const { loadSettings } = await import('../settings/load.ts');
  const loaded = await loadSettings({ env, cwd });
  return 'settings' in loaded ? loaded.settings : undefined;
};

/**
 * The base URL to which a secret may be sent, in its plain form: https, or http on this machine.
 *
 * Throws for any other, so that no token ever travels unprotected.
 */
export const secretTarget = (text: string): string => {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    throw unusable('The URL of the server is not usable.', 'write one such as https://runpass.example.com');
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw unusable(
      `A token is not sent to ${url.origin}: without TLS everybody on the way could read it.`,
      `use https://${url.host} (http: only for localhost, 127.0.0.0/8 and [::1])`,
    );
  }
  if (url.pathname !== '/' || text.includes('?') || text.includes('#')) {
    throw unusable(`The URL of the server has more than a host: ${url.href}`, `write ${url.origin}`);
  }
  return url.origin;
};

/** A token as a file, a variable or a person gives it; refused where it could not stand in a header. */
export const readAccessToken = (text: string, source: string): Secret => {
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw unusable(`${source} holds no access token.`, 'an access token is one word that begins with "rpa_"');
  }
  return new Secret(token);
};

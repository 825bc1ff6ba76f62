import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFirstToken, type TokenPlace } from '../flows/first-token.ts';
import type { Parts } from '../parts.ts';
import { isLoopbackHost } from '../settings/rules.ts';
import { StoreError } from '../store/store.ts';

/** `not yet`: the store does not answer; it is made as soon as it does. */
export type FirstToken = Awaited<ReturnType<typeof makeFirstToken>> | 'not on this host' | 'not yet';

/** Without the store nothing is wrong, only late; anything else stops the start. */
export const notYet = (reason: unknown): 'not yet' => {
  if (reason instanceof StoreError && reason.kind !== 'corrupt') return 'not yet';
  throw reason;
};

/** Made only where the public URL is this host's own: elsewhere an operator makes the first token by hand. */
export const firstToken = async (parts: Parts): Promise<FirstToken> => {
  const { settings, replica, store, audit, accessTokens, organizations } = parts;
  if (!isLoopbackHost(new URL(settings.url).hostname)) return 'not on this host';
  const path = join(settings.folders.data, 'admin.token');
  const makePlace = async (): Promise<TokenPlace | undefined> => {
    // Every start of a store in memory is its first one; the token of another store in this folder is kept aside.
    if (store.kind === 'memory') await setAside(path);
    return makeTokenFile(path);
  };
  const lifetime = settings.accessTokens.maxLifetime;
  return makeFirstToken({ store, audit, accessTokens, replica, lifetime, makePlace }, organizations.current());
};

/** What an earlier store in memory left is worth nothing, so only the oldest file is kept. */
const setAside = async (path: string): Promise<void> => {
  await link(path, `${path}.before`).catch(() => undefined);
  await rm(path, { force: true });
};

/** Exclusive: a file that is there already, of another store or by another replica, is left alone. */
const makeTokenFile = async (path: string): Promise<TokenPlace | undefined> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') return undefined;
    throw cause;
  });
  if (!file) return undefined;
  return {
    async keep(token) {
      await file.writeFile(token.reveal());
      await file.sync();
      await file.close();
    },
    async giveUp() {
      await file.close();
      await rm(path);
    },
  };
};

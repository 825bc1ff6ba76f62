import { rewrap, type SealingKeys, sealedWith } from '../keys/seal.ts';
import type { Store } from '../store/store.ts';
import { ENVIRONMENT_KEYS, environmentKeyKey, environmentKeyPurpose } from './secrets.ts';

const PAGE = 100;

/**
 * Seals the key of every organization's environments with the first sealing key; gives how many keys each sealing
 * key seals then. An older one may leave the file once nothing is sealed with it.
 *
 * Throws a `SealingError` when a key cannot be opened. Open sessions are not sealed anew: those under a sealing key
 * that leaves the file end with it.
 */
export const rewrapEnvironmentKeys = async (
  store: Store,
  sealingKeys: SealingKeys,
): Promise<Readonly<Record<string, number>>> => {
  const counts: Record<string, number> = {};
  for (let offset = 0; ; offset += PAGE) {
    const { members } = await store.page(ENVIRONMENT_KEYS, offset, PAGE, true);
    for (const organizationId of members) {
      const id = await rewrapOne(store, sealingKeys, organizationId);
      if (id !== undefined) counts[id] = (counts[id] ?? 0) + 1;
    }
    if (members.length < PAGE) return counts;
  }
};

/** Id of the sealing key that seals the organization's key by now; `undefined` when it has no key yet. */
const rewrapOne = async (
  store: Store,
  sealingKeys: SealingKeys,
  organizationId: string,
): Promise<string | undefined> => {
  const stored = await store.get(environmentKeyKey(organizationId));
  if (!stored) return undefined;
  const sealed = await rewrap(sealingKeys, environmentKeyPurpose(organizationId), stored.value);
  if (sealed === stored.value) return sealedWith(sealed);
  // Nothing but this function writes the key again: whoever was faster did the same.
  await store.replace(environmentKeyKey(organizationId), stored.version, sealed);
  const now = await store.get(environmentKeyKey(organizationId));
  return now && sealedWith(now.value);
};

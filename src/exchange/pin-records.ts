import { hash } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { Identity } from '../policy/identities.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import type { Comparison, Pin, Pins } from './pins.ts';

/** A pin as it is stored; its id is made of it. */
type StoredPin = Omit<Pin, 'id'>;

/** Attempts of an administrator's change against others at the same moment. */
const ATTEMPTS = 5;

/**
 * Pins in the store: one document per name, and one index per policy.
 *
 * They live as long as nobody removes them: a pin that ended by itself would let another take over the name.
 */
export const openPins = (store: Store): Pins => {
  const read = async (organization: string, policyId: string, id: string): Promise<Pin | undefined> => {
    const stored = isPinId(id) ? await store.get(documentKey(organization, policyId, id)) : undefined;
    return stored && { id, ...(JSON.parse(stored.value) as StoredPin) };
  };

  const compare = async (
    organization: string,
    policyId: string,
    identities: readonly Identity[],
  ): Promise<Comparison> => {
    const pins = await Promise.all(identities.map((identity) => read(organization, policyId, pinId(identity))));
    return {
      conflicts: pins.flatMap((pin, index) => (pin && pin.value !== identities[index]?.id ? [pin] : [])),
      unpinned: identities.filter((_, index) => !pins[index]),
    };
  };

  const pin = async (
    organization: string,
    policyId: string,
    identity: Identity,
    at: EpochSeconds,
  ): Promise<Pin | undefined> => {
    const id = pinId(identity);
    const { claim, name, idClaim, id: value } = identity;
    const made: StoredPin = { policyId, claim, name, idClaim, value, created: at, modified: at };
    // Indexed first: a pin that refuses somebody must never be one that nobody can find.
    await store.add(indexKey(organization, policyId), id, at);
    if (await store.create(documentKey(organization, policyId, id), JSON.stringify(made))) return undefined;
    const standing = await read(organization, policyId, id);
    return standing && standing.value !== value ? standing : undefined;
  };

  return {
    compare,
    get: read,

    async pin(organization, policyId, identities, at) {
      const found = await Promise.all(identities.map((identity) => pin(organization, policyId, identity, at)));
      return found.filter((conflict) => conflict !== undefined);
    },

    async list(organization, policyId, offset, count) {
      const { members, total } = await store.page(indexKey(organization, policyId), offset, count);
      const pins = await Promise.all(members.map((id) => read(organization, policyId, id)));
      return { pins: pins.filter((one) => one !== undefined), total };
    },

    async set(organization, policyId, id, value, at) {
      if (!isPinId(id)) return false;
      const key = documentKey(organization, policyId, id);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await store.get(key);
        if (!stored) return false;
        const next: StoredPin = { ...(JSON.parse(stored.value) as StoredPin), value, modified: at };
        if ((await store.replace(key, stored.version, JSON.stringify(next))) !== 'conflict') return true;
      }
      throw new Refusal('conflict');
    },

    async remove(organization, policyId, id) {
      if (!(await read(organization, policyId, id))) return false;
      // The index first: nobody can pin the name anew, and be left out of it, while the document stands.
      await store.remove(indexKey(organization, policyId), id);
      return store.delete(documentKey(organization, policyId, id));
    },
  };
};

/** 128 bits of the name's hash, hexadecimal: safe in a path and on a command line. */
const pinId = ({ claim, name }: Pick<Identity, 'claim' | 'name'>): string =>
  hash('sha256', JSON.stringify([claim, name]), 'hex').slice(0, 32);

const isPinId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

const documentKey = (organization: string, policyId: string, id: string): string =>
  `pin/${organization}/${policyId}/${id}`;

const indexKey = (organization: string, policyId: string): string => `pins/${organization}/${policyId}`;

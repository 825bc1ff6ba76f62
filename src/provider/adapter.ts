import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import { fingerprint } from '../secret.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../system.ts';
import { clientMetadata, type FindClient } from './clients.ts';
import type { TokenRecord, TokenRecords } from './token-records.ts';

/** Seconds that a used assertion is remembered past its end, so that no difference of clocks lets it in again. */
const REPLAY_MARGIN = 60;

/**
 * The library's storage, over our store: one small adapter per model.
 *
 * A token reaches the store only as its hash. Models that we do not use have no storage: should the library
 * ever reach for one, the request fails.
 */
export const storeAdapter = (
  store: Store,
  clock: Clock,
  records: TokenRecords,
  findClient: FindClient,
): AdapterFactory => {
  const adapters: Readonly<Record<string, () => Adapter>> = {
    Client: () => clientAdapter(findClient),
    AccessToken: () => tokenAdapter(records),
    ClientCredentials: () => tokenAdapter(records),
    ReplayDetection: () => replayAdapter(store, clock),
  };
  return (model) => (adapters[model] ?? unused)();
};

const unsupported = async (): Promise<never> => {
  throw new Error('The provider asked its adapter for something that it has no use for here.');
};

const unused = (): Adapter => ({
  upsert: unsupported,
  find: unsupported,
  findByUid: unsupported,
  findByUserCode: unsupported,
  consume: unsupported,
  destroy: unsupported,
  revokeByGrantId: unsupported,
});

/** Clients come from the organizations' files; what the library caches of them is keyed by what they say. */
const clientAdapter = (findClient: FindClient): Adapter => ({
  ...unused(),
  async find(id) {
    const found = findClient(id);
    return found && (clientMetadata(found.client) as AdapterPayload);
  },
});

/**
 * Both token models share the records; the library takes none of the other's kind.
 * `extra` is what introspection answers besides the standard's members.
 */
const tokenAdapter = (records: TokenRecords): Adapter => ({
  ...unused(),
  async upsert(id, payload) {
    const { jti: _, ...record } = payload;
    await records.write(id, record as unknown as TokenRecord);
  },
  async find(id) {
    const record = await records.read(id);
    if (!record) return undefined;
    const { name, organization, kind } = record.holder;
    return { ...record, jti: id, extra: { sub: name, organization, kind } } as AdapterPayload;
  },
  async destroy(id) {
    await records.remove(fingerprint(id));
  },
});

/**
 * Used client assertions. The library looks, then writes; between the two, the same assertion could pass many times.
 * So looking finds nothing, and writing decides: exactly one of any number of uses creates the record.
 */
const replayAdapter = (store: Store, clock: Clock): Adapter => ({
  ...unused(),
  async find() {
    return undefined;
  },
  async upsert(id, _payload, expiresIn = 0) {
    const expiresAt = clock.nowMs() + Math.ceil(expiresIn + REPLAY_MARGIN) * 1000;
    if (!(await store.create(`assertion/${id}`, '', { expiresAt }))) {
      throw new errors.InvalidClientAuth('client assertion was used before');
    }
  },
});

import { hash } from 'node:crypto';
import { deepFreeze } from '../documents.ts';
import { Refusal } from '../errors.ts';
import type { Store, Stored } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import { asTrustedIssuer } from './declared.ts';
import { remember } from './remembered.ts';
import type { DeclaredIssuer, TrustedIssuer, TrustedIssuers } from './trusted-issuer.ts';

export interface TrustedIssuerParts {
  readonly store: Store;
  /** What the files in force declare for an organization. */
  declared(organization: string): readonly DeclaredIssuer[];
}

/** What stands under the key of an `iss`: the registration, or that it was removed. */
type StoredIssuer = Omit<TrustedIssuer, 'declared'> | { readonly removed: true };

const REMEMBERED = 1000;
const PAGE = 1000;
const USED_EVERY_SECONDS = 60;
const USED_KEPT_SECONDS = 400 * 86_400;
/** What is read here is written within a second; after a day nobody holds a version of what was removed. */
const TOMBSTONE_KEPT_MS = 86_400_000;
/** 9999-12-31T23:59:59Z: a document written over one that expires keeps that time unless it is given another. */
const FOR_EVER = 253_402_300_799_000;
const REMOVE_ATTEMPTS = 10;

/**
 * The trusted issuers, in files and in the store.
 *
 * A registration is one document under the organization and the hash of its `iss`: an exchange finds it with one
 * read, and one step of the store decides between many at once. A removed one leaves a tombstone for a day, so that
 * versions go on and a late `replace` meets another version. Lists and look-ups by id lead to the document and count
 * only where it has that id; they are written before it and taken away after it, so what counts is always listed.
 */
export const openTrustedIssuers = ({ store, declared }: TrustedIssuerParts): TrustedIssuers => {
  const read = remember<string, { readonly text: string; readonly issuer: TrustedIssuer | undefined }>(REMEMBERED);
  /** Where the document of an id stands: never another place, so it may be remembered. */
  const places = remember<string, string>(REMEMBERED);
  const lastWritten = remember<string, EpochSeconds>(REMEMBERED);
  const completed = new WeakMap<readonly DeclaredIssuer[], readonly TrustedIssuer[]>();

  const declaredOf = (organization: string): readonly TrustedIssuer[] => {
    const entries = declared(organization);
    const known = completed.get(entries) ?? entries.map((entry) => asTrustedIssuer(organization, entry));
    completed.set(entries, known);
    return known;
  };

  /** The registration that a document holds. Parsed once for as long as the text stays the same. */
  const parse = (key: string, { value }: Stored): TrustedIssuer | undefined => {
    const known = read.get(key);
    if (known?.text === value) return known.issuer;
    const stored = JSON.parse(value) as StoredIssuer;
    const issuer = 'removed' in stored ? undefined : deepFreeze<TrustedIssuer>({ ...stored, declared: false });
    read.set(key, { text: value, issuer });
    return issuer;
  };

  const load = async (key: string): Promise<TrustedIssuer | undefined> => {
    const stored = await store.get(key);
    return stored && parse(key, stored);
  };

  /** The document that a look-up leads to, whatever it says by now. */
  const lookUp = async (organization: string, id: string): Promise<TrustedIssuer | undefined> => {
    if (!UUID.test(id)) return undefined;
    const lookup = lookupKey(organization, id);
    const place = places.get(lookup) ?? (await store.get(lookup))?.value;
    if (place === undefined) return undefined;
    places.set(lookup, place);
    return load(documentKey(organization, place));
  };

  /** Takes away what leads to a registration: nothing of it is anybody else's. */
  const unlist = async ({ organization, issuer, id, policy }: TrustedIssuer): Promise<void> => {
    await Promise.all([
      store.remove(listKey(organization), memberOf(issuer, id)),
      store.delete(lookupKey(organization, id)),
      store.delete(lookupKey(organization, policy.id)),
      store.delete(usedKey(organization, id)),
    ]);
  };

  return {
    async find(organization, iss) {
      const known = declaredOf(organization).find(({ issuer }) => issuer === iss);
      return known ?? load(documentKey(organization, hashOf(iss)));
    },

    async get(organization, id) {
      const known = declaredOf(organization).find((issuer) => issuer.id === id);
      if (known) return known;
      const found = await lookUp(organization, id);
      return found?.id === id ? found : undefined;
    },

    async ofPolicy(organization, policyId) {
      const known = declaredOf(organization).find(({ policy }) => policy.id === policyId);
      if (known) return known;
      const found = await lookUp(organization, policyId);
      return found?.policy.id === policyId ? found : undefined;
    },

    async list(organization) {
      const files = declaredOf(organization);
      const members: string[] = [];
      for (;;) {
        const page = await store.page(listKey(organization), members.length, PAGE, true);
        members.push(...page.members);
        if (page.members.length === 0 || members.length >= page.total) break;
      }
      const loaded = await Promise.all(
        members.map(async (member) => {
          const [place = '', id = ''] = member.split('/');
          const found = await load(documentKey(organization, place));
          return found?.id === id && !files.some((file) => file.id === id) ? [found] : [];
        }),
      );
      return [...files, ...loaded.flat()];
    },

    async create(issuer) {
      const { organization, id, policy } = issuer;
      if (declaredOf(organization).some((file) => file.issuer === issuer.issuer)) return 'exists';
      const place = hashOf(issuer.issuer);
      const key = documentKey(organization, place);
      const before = await store.get(key);
      if (before && parse(key, before)) return 'exists';
      await Promise.all([
        store.put(lookupKey(organization, id), place),
        store.put(lookupKey(organization, policy.id), place),
        store.add(listKey(organization), memberOf(issuer.issuer, id), issuer.created),
      ]);
      const written = before
        ? (await store.replace(key, before.version, write(issuer), { expiresAt: FOR_EVER })) !== 'conflict'
        : await store.create(key, write(issuer));
      if (written) return 'created';
      await unlist(issuer);
      return 'exists';
    },

    async replace(before, next) {
      const key = documentKey(before.organization, hashOf(before.issuer));
      const stored = await store.get(key);
      if (stored?.value !== write(before)) return 'conflict';
      return (await store.replace(key, stored.version, write(next))) === 'conflict' ? 'conflict' : 'replaced';
    },

    async remove(issuer) {
      const key = documentKey(issuer.organization, hashOf(issuer.issuer));
      for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
        const stored = await store.get(key);
        if (!stored || parse(key, stored)?.id !== issuer.id) return false;
        const expiresAt = (await store.time()) + TOMBSTONE_KEPT_MS;
        if ((await store.replace(key, stored.version, TOMBSTONE, { expiresAt })) === 'conflict') continue;
        await unlist(issuer);
        return true;
      }
      throw new Refusal('conflict');
    },

    async used({ organization, id }, at) {
      const key = usedKey(organization, id);
      if (at - (lastWritten.get(key) ?? Number.NEGATIVE_INFINITY) < USED_EVERY_SECONDS) return;
      lastWritten.set(key, at);
      await store.put(key, String(at), { expiresAt: (at + USED_KEPT_SECONDS) * 1000 }).catch(() => undefined);
    },

    async lastUsed({ organization, id }) {
      const stored = await store.get(usedKey(organization, id));
      return stored && Number(stored.value);
    },
  };
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const TOMBSTONE = JSON.stringify({ removed: true } satisfies StoredIssuer);

const write = ({ declared: _declared, ...issuer }: TrustedIssuer): string =>
  JSON.stringify(issuer satisfies StoredIssuer);

const hashOf = (iss: string): string => hash('sha256', iss, 'hex');

const documentKey = (organization: string, place: string): string => `trusted-issuer/${organization}/${place}`;
const lookupKey = (organization: string, id: string): string => `trusted-issuer-id/${organization}/${id}`;
const listKey = (organization: string): string => `trusted-issuers/${organization}`;
const usedKey = (organization: string, id: string): string => `trusted-issuer-used/${organization}/${id}`;

/** Of one registration alone: another one of the same `iss` is another member. */
const memberOf = (iss: string, id: string): string => `${hashOf(iss)}/${id}`;

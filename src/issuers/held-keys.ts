import { parseStrictJson } from '../strict-json.ts';
import type { Clock } from '../system.ts';
import { discoverIssuer } from './discovery.ts';
import type { Outbound } from './fetching.ts';
import { type IssuerKeys, IssuerProblem, type VerificationKey } from './issuer-keys.ts';
import { importKeySet } from './key-set.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

export interface IssuerKeysParts {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly outbound: Outbound;
  /** Our own issuers: what each publishes as its JWKS now; `undefined`: nothing yet. */
  readonly own: ReadonlyMap<string, () => Uint8Array | undefined>;
  /** What the operator lets an organization reach: see `FetchPermissions`. */
  hosts(organization: string): readonly string[];
  /** Called for each token whose key a current set does not have; for a metric. */
  unknownKey(issuer: TrustedIssuer): void;
}

type Keys = readonly VerificationKey[];
type Header = Parameters<IssuerKeys['candidates']>[1];

/** A fetched set is used without asking again for as long as its issuer says, within these bounds, in seconds. */
const FRESH = { shortest: 60, usual: 600, longest: 3600 };
/** An issuer that cannot be reached is still believed for so long after it was. */
const KEPT_MS = 24 * 3_600_000;
/** After a fetch that failed, and between two fetches for keys that a fresh set does not have. */
const COOL_DOWN_MS = 30_000;
/** Fetches for unknown keys, of all registrations together: tokens with invented ones cost whoever sends them nothing. */
const REFETCHES_PER_MINUTE = 60;
const MOST_HELD = 1000;

/** What is held for one registration, as long as it stays what it was. */
interface Held {
  /** Everything that decides which keys these are; another basis is another registration. */
  readonly basis: string;
  /** Uploaded keys, read once. */
  uploaded?: Promise<Keys | undefined>;
  fetched?: { readonly keys: Keys; readonly atMs: number; readonly freshMs: number };
  /** When a fetch failed last. */
  failedMs?: number;
  /** When an unknown key last made us fetch. */
  refetchedMs?: number;
  /** The fetch that is under way: everybody waits for the same one. */
  flight?: Promise<void> | undefined;
}

/**
 * Holds keys per registration, never per URL: what one organization uploaded, trusts or may reach serves no other.
 *
 * Fetched sets are replaced as a whole and by good ones only: what is empty, malformed, unreachable, or says that it
 * belongs to another issuer, leaves the last good set in force until that is 24 h old. Times are those of `clock`.
 */
export const openIssuerKeys = (parts: IssuerKeysParts): IssuerKeys => {
  const { clock, outbound, own } = parts;
  const held = new Map<string, Held>();
  const ownKeys = new Map<string, { readonly text: string; readonly keys: Promise<Keys> }>();
  let minute = { startMs: clock.monotonicMs(), used: 0 };

  /** The entry of a registration; a new one where there is none, or where the registration has changed. */
  const heldFor = (issuer: TrustedIssuer): Held => {
    const { id, organization, url, thumbprints, jwks } = issuer;
    const basis = JSON.stringify(jwks ?? [organization, url, issuer.issuer, thumbprints, parts.hosts(organization)]);
    const known = held.get(id);
    const entry = known?.basis === basis ? known : { basis };
    held.delete(id);
    held.set(id, entry);
    const [oldest] = held.size > MOST_HELD ? held.keys().take(1) : [];
    if (oldest !== undefined) held.delete(oldest);
    return entry;
  };

  const isCoolingDown = (sinceMs: number | undefined): boolean =>
    sinceMs !== undefined && clock.monotonicMs() - sinceMs < COOL_DOWN_MS;
  const isYounger = ({ fetched }: Held, ms: number): boolean =>
    fetched !== undefined && clock.monotonicMs() - fetched.atMs < ms;
  const isFresh = (entry: Held): boolean => isYounger(entry, entry.fetched?.freshMs ?? 0);

  const fetchInto = async (entry: Held, issuer: TrustedIssuer): Promise<void> => {
    const { organization, url, thumbprints } = issuer;
    const atMs = clock.monotonicMs();
    try {
      const permissions = { hosts: parts.hosts(organization), thumbprints };
      const discovered = await discoverIssuer(outbound, url, permissions);
      if (discovered.issuer !== issuer.issuer) throw new IssuerProblem('The issuer has changed its name.');
      const { shortest, usual, longest } = FRESH;
      const seconds = Math.min(longest, Math.max(shortest, discovered.maxAge ?? usual));
      entry.fetched = { keys: discovered.keys, atMs, freshMs: seconds * 1000 };
    } catch (error) {
      entry.failedMs = clock.monotonicMs();
      if (!(error instanceof IssuerProblem)) throw error;
    } finally {
      entry.flight = undefined;
    }
  };

  /** Waits for the fetch under way, or starts one unless the last has just failed. */
  const refresh = async (entry: Held, issuer: TrustedIssuer): Promise<void> => {
    if (entry.flight === undefined && isCoolingDown(entry.failedMs)) return;
    entry.flight ??= fetchInto(entry, issuer);
    await entry.flight;
  };

  /** May a key that the fresh set does not have start a fetch? If so, it is counted. */
  const mayRefetch = (entry: Held): boolean => {
    const now = clock.monotonicMs();
    if (isCoolingDown(entry.refetchedMs) || isCoolingDown(entry.failedMs)) return false;
    if (now - minute.startMs >= 60_000) minute = { startMs: now, used: 0 };
    if (minute.used >= REFETCHES_PER_MINUTE) return false;
    minute.used += 1;
    entry.refetchedMs = now;
    return true;
  };

  const fetchedCandidates = async (entry: Held, issuer: TrustedIssuer, header: Header) => {
    const wasFresh = isFresh(entry);
    if (!wasFresh) await refresh(entry, issuer);
    const find = (): Keys => (isYounger(entry, KEPT_MS) ? matching(entry.fetched?.keys ?? [], header) : []);
    if (wasFresh && find().length === 0 && (entry.flight !== undefined || mayRefetch(entry))) {
      await refresh(entry, issuer);
    }
    const found = find();
    if (found.length > 0) return found;
    // Of a set that could not be renewed nobody can say that it lacks a key.
    return isFresh(entry) ? 'unknown_key' : 'keys_unavailable';
  };

  const ownCandidates = async (issuer: TrustedIssuer, bytes: Uint8Array | undefined, header: Header) => {
    if (bytes === undefined) return 'keys_unavailable';
    const text = new TextDecoder().decode(bytes);
    let known = ownKeys.get(issuer.issuer);
    if (known?.text !== text) {
      known = { text, keys: importKeySet(parseStrictJson(text, { maxDepth: 4, maxMembers: 5000 })) };
      ownKeys.set(issuer.issuer, known);
    }
    return orUnknown(matching(await known.keys, header));
  };

  const uploadedCandidates = async (entry: Held, jwks: unknown, header: Header) => {
    entry.uploaded ??= importKeySet(jwks).catch((error: unknown) => {
      if (error instanceof IssuerProblem) return undefined;
      throw error;
    });
    const keys = await entry.uploaded;
    return keys ? orUnknown(matching(keys, header)) : 'keys_unavailable';
  };

  const candidatesOf = (issuer: TrustedIssuer, header: Header) => {
    const published = own.get(issuer.issuer);
    if (published) return ownCandidates(issuer, published(), header);
    const entry = heldFor(issuer);
    return issuer.jwks ? uploadedCandidates(entry, issuer.jwks, header) : fetchedCandidates(entry, issuer, header);
  };

  return {
    async candidates(issuer, header) {
      const found = await candidatesOf(issuer, header);
      if (found === 'unknown_key') parts.unknownKey(issuer);
      return found;
    },
    discover: ({ organization, url, thumbprints }, { trustNow = false } = {}) =>
      discoverIssuer(outbound, url, { hosts: parts.hosts(organization), thumbprints, anyCertificate: trustNow }),
    check: (jwks) => importKeySet(jwks),
    forget: (id) => void held.delete(id),
  };
};

const matching = (keys: Keys, { alg, kid }: Header): Keys =>
  keys.filter((key) => (kid === undefined ? key.algs.includes(alg) : key.kid === kid));

const orUnknown = (keys: Keys): Keys | 'unknown_key' => (keys.length > 0 ? keys : 'unknown_key');

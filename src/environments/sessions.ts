import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Sealer } from '../audit/key.ts';
import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Clock, Random } from '../system.ts';

/** What an opened environment came to, for as long as its opener asked. */
export interface OpenSession {
  readonly organizationId: string;
  /** Who opened it, and alone may read it: see `sessionHolder`. */
  readonly holder: string;
  /** What was opened, as `project/name`, or the name of an anonymous definition. */
  readonly environment: string;
  /** JSON. */
  readonly content: string;
}

/** The open sessions of environments: sealed in the store, and gone at their end. */
export interface OpenSessions {
  /**
   * Keeps a session for `duration` seconds and gives its id: 128 random bits, in characters that need no quotes.
   *
   * Content of more than 16 MiB, or of more than 2 MiB when compressed, is refused.
   */
  keep(session: OpenSession, duration: number): Promise<string>;
  /** The session with this id, if this holder opened it; whatever else is asked for is not there. */
  read(asked: {
    readonly organizationId: string;
    readonly id: string;
    readonly holder: string;
  }): Promise<Pick<OpenSession, 'environment' | 'content'> | undefined>;
}

export interface OpenSessionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
}

interface StoredSession {
  readonly environment: string;
  /** The content, sealed for this session and holder: it opens for nobody else. */
  readonly sealed: string;
}

const MAX_CONTENT_BYTES = 16 * 1024 * 1024;
/** What the store takes, less what sealing adds. Traces repeat themselves, so most contents shrink to a tenth. */
const MAX_PACKED_BYTES = 2 * 1024 * 1024;
const ID_BYTES = 16;
/** 16 bytes in base64url; never like a flag of a command line. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/;

export const openEnvironmentSessions = ({ store, clock, random, sealer }: OpenSessionParts): OpenSessions => ({
  async keep({ organizationId, holder, environment, content }, duration) {
    const packed = Buffer.byteLength(content) > MAX_CONTENT_BYTES ? undefined : deflateRawSync(content, { level: 1 });
    if (!packed || packed.length > MAX_PACKED_BYTES) {
      throw new Refusal('invalid_request', {
        problem: 'The values of the environment are too large to be kept; ask for one property, or split it.',
      });
    }
    const id = newId(random);
    const sealed = await sealer.seal(purposeOf(organizationId, id, holder), packed.toString('base64'));
    const expiresAt = clock.nowMs() + duration * 1000;
    const session: StoredSession = { environment, sealed };
    await store.put(keyOf(organizationId, id), JSON.stringify(session), { expiresAt });
    return id;
  },

  async read({ organizationId, id, holder }) {
    const stored = ID.test(id) ? await store.get(keyOf(organizationId, id)) : undefined;
    if (!stored) return undefined;
    const { environment, sealed } = JSON.parse(stored.value) as StoredSession;
    // What does not open is somebody else's, was moved here, or its sealing key has left the file.
    const packed = await sealer.open(purposeOf(organizationId, id, holder), sealed).catch(() => undefined);
    if (packed === undefined) return undefined;
    const content = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_CONTENT_BYTES });
    return { environment, content: content.toString('utf8') };
  },
});

const newId = (random: Random): string => {
  const id = Buffer.from(random.bytes(ID_BYTES)).toString('base64url');
  return ID.test(id) ? id : newId(random);
};

const keyOf = (organizationId: string, id: string): string => `open-session/${organizationId}/${id}`;

const purposeOf = (organizationId: string, id: string, holder: string): string =>
  `open-session ${organizationId} ${id} ${holder}`;

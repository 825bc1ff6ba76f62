import { StoreError } from './store.ts';

/** First words of the replies that mean: the server did nothing. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
const DID_NOTHING: Readonly<Record<string, string>> = {
  LOADING: 'it is still reading its data',
  READONLY: 'it is a replica',
  MASTERDOWN: 'it has lost its master',
  NOREPLICAS: 'too few of its replicas are in step',
  CLUSTERDOWN: 'the cluster is down',
  TRYAGAIN: 'the cluster is moving data',
  OOM: 'its memory is full',
  MISCONF: 'it cannot write to its disk',
  BUSY: 'a script keeps it busy',
  NOAUTH: 'it wants a password',
  WRONGPASS: 'it does not know this user name and password',
  NOPERM: 'the user may not do what Runpass needs',
};

/** A reply of the server, as opposed to a failure on the way to it. */
export const replyWord = (error: unknown): string | undefined =>
  error instanceof Error && error.name === 'ReplyError' ? (/^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR') : undefined;

/**
 * A failure of Redis or of the way to it, as the port knows it.
 *
 * Never passes on what the library attaches to its errors: the command, with the values in it.
 */
export const redisError = (error: unknown, mutates: boolean): StoreError => {
  if (error instanceof StoreError) return error;
  const word = replyWord(error);
  if (word !== undefined) return replyError(word, error instanceof Error && error.message.includes('user_script'));
  const message = error instanceof Error ? error.message : '';
  const cause = new Error(connectionWord(error));
  if (message === 'Command timed out') return tooLate(cause);
  if (message.includes('enableOfflineQueue') || !mutates) {
    return new StoreError('unavailable', 'Redis cannot be reached.', { cause });
  }
  return new StoreError('timeout', 'The connection to Redis was lost before it answered.', { cause });
};

export const tooLate = (cause?: Error): StoreError =>
  new StoreError('timeout', 'Redis did not answer in time.', { cause });

const replyError = (word: string, inScript: boolean): StoreError => {
  const cause = new Error(word);
  const why = DID_NOTHING[word];
  if (why !== undefined) return new StoreError('unavailable', `Redis refused the call: ${why}.`, { cause });
  if (word === 'WRONGTYPE' || inScript) {
    return new StoreError('corrupt', 'Redis holds something under one of our keys that Runpass did not write.', {
      cause,
    });
  }
  return new StoreError('unavailable', `Redis refused the call (${word}).`, { cause });
};

/** Node's or OpenSSL's code, which never holds a value; the message of a library might. */
export const connectionWord = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'connection lost';

/** Certificates and handshakes that will not get better by trying again. */
const NOT_TRUSTED = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** What to tell the operator when the server's door itself refuses us; `undefined` when it may just be away. */
export const refusedAtTheDoor = (error: Error): string | undefined => {
  const first = 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
  const word = replyWord(first);
  if (word === 'NOAUTH' || word === 'WRONGPASS') {
    return 'Redis refuses the user name and password, or wants some: put them into the store URL, as redis://user:password@host:port.';
  }
  const code = connectionWord(first);
  if (NOT_TRUSTED.test(code)) {
    return `The TLS certificate of Redis is not trusted (${code}): name its authority in store.ca, and the host as the certificate does.`;
  }
  return undefined;
};

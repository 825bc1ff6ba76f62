import { connect } from 'node:net';

/** An answer as it came over the connection. */
export interface WireAnswer {
  readonly status: number;
  /** As the status line has it: some clients print it. */
  readonly statusText: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects, and fails where they are missing
  readonly json: any;
}

/** Sends a request as somebody's client wrote it, byte for byte: request line and headers in its order, then the body. */
export const sendAsWritten = (url: string, head: readonly string[], body = ''): Promise<WireAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    });
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = readAnswer(received);
      if (!answer) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on('end', () => reject(new Error(`the connection ended: ${received}`)));
    socket.on('error', reject);
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer to ${head[0]}`)));
  });

/** The answer, once all of it is there; the server says how long its answers are. */
const readAnswer = (received: Buffer): WireAnswer | undefined => {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [, status = '', statusText = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(statusLine) ?? [];
  const length = status === '204' ? 0 : Number(headers['content-length']);
  if (!Number.isInteger(length)) throw new Error(`an answer without a length: ${received}`);
  const body = received.subarray(end + 4);
  if (body.length < length) return undefined;
  const text = body.subarray(0, length).toString();
  return {
    status: Number(status),
    statusText,
    headers,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
};

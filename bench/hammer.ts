import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /content-length: (\d+)/i;

/**
 * Asks for one path as fast as the server answers, on so many connections, and counts the answers.
 *
 * Reads no more of an answer than it must: a generator that costs more than the server would measure itself. Rejects on
 * anything but 200.
 */
export const hammer = async (port: number, path: string, connections: number, forMs: number): Promise<number> => {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const endMs = performance.now() + forMs;
  let answers = 0;

  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let missing = 0;
      let closes = false;
      const open = (): Socket => {
        const socket = connect(port, '127.0.0.1');
        socket.setNoDelay(true);
        socket.once('error', reject);
        socket.on('data', (bytes: Buffer) => {
          if (missing > 0) {
            missing -= bytes.length;
          } else {
            const end = bytes.indexOf(HEAD_END);
            const head = bytes.toString('latin1', 0, end);
            if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(`answered ${head.slice(0, 40)}`));
            closes = /connection: close/i.test(head);
            missing = Number(LENGTH.exec(head)?.[1]) - (bytes.length - end - HEAD_END.length);
          }
          if (missing > 0) return;
          answers++;
          const isOver = performance.now() > endMs;
          if (isOver || closes) socket.destroy();
          if (isOver) resolve();
          else if (closes) open();
          else socket.write(request);
        });
        socket.write(request);
        return socket;
      };
      open();
    });

  await Promise.all(Array.from({ length: connections }, ask));
  return answers;
};

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** Listens, says where, and then never looks at a connection again. */
const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A port of 127.0.0.1 whose queue is full: to connect to it neither works nor fails. */
export const startBusyHost = async (): Promise<{ readonly port: number; stop(): Promise<void> }> => {
  const worker = new Worker(LISTENER, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const sockets: Socket[] = [];
  for (let taken = true; taken; ) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    taken = await Promise.race([once(socket, 'connect').then(() => true), wait(50, false)]);
  }
  return {
    port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
};

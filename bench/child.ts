import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the bench's own that answers questions: see questions.ts. */
export interface Child {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: unknown;
  /** One question at a time; rejects when the process ends before it answers. */
  ask<Answer>(question: string, argument?: unknown): Promise<Answer>;
  /** CPU time of the whole process so far, user and system, in milliseconds. */
  cpuMs(): Promise<number>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Everything that was started and has not ended: a bench that fails must leave nothing behind. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program of this folder and waits until it is ready. */
export const startChild = async (program: string, argument: unknown): Promise<Child> => {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(argument)], {
    // Logs are written as in production, and thrown away.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  running.add(child);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  const next = <Answer>(): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`${program} ended before it answered`));
      if (!running.has(child)) return ended();
      child.once('exit', ended);
      child.once('message', ({ answer }: { answer: Answer }) => {
        child.removeListener('exit', ended);
        resolve(answer);
      });
    });
  const ask = <Answer>(question: string, wanted?: unknown): Promise<Answer> => {
    const answer = next<Answer>();
    child.send({ question, argument: wanted }, () => undefined);
    return answer;
  };
  return {
    pid: child.pid ?? 0,
    ready: await next(),
    ask,
    cpuMs: () => ask<number>('cpu'),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

/** The side of the bench's child processes: what they are given, and how they answer the process that started them. */

type Answers = Readonly<Record<string, (argument: never) => unknown>>;

/** What the parent handed over on the command line. */
export const given = <Given>(): Given => JSON.parse(process.argv[2] ?? '{}');

/** CPU time of this process so far, all threads, user and system, in milliseconds. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Answers the parent until it goes away, beginning with `ready`.
 *
 * Every child tells its own CPU time when asked for `cpu`: the load generator lives in the parent, so its CPU never counts.
 */
export const answerQuestions = (answers: Answers, ready?: unknown): void => {
  const known: Answers = { cpu: cpuMs, ...answers };
  process.on('message', async ({ question, argument }: { question: string; argument: never }) => {
    process.send?.({ answer: await known[question]?.(argument) });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: ready });
};

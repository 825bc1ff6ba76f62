import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { epochSeconds, writeTime } from '../system.ts';
import { type Pace, persist } from './pace.ts';
import { isPassingProblem, RunProblem } from './run-desk.ts';

export type StepStatus = 'running' | 'failed' | 'succeeded';

export interface ToldLine {
  /** RFC 3339. */
  readonly timestamp: string;
  readonly line: string;
}

/** Where the agent of a deployment tells how it goes. Throws `RunProblem`. */
export interface ProgressDesk {
  tellStep(name: string, status: StepStatus): Promise<void>;
  tellLines(step: string, lines: readonly ToldLine[]): Promise<void>;
}

/** Tells of a deployment while it is done, in order, some lines at a time; nobody waits for it but at the end. */
export interface Telling {
  step(name: string, status: StepStatus): void;
  line(text: string): void;
  /** Takes what a command writes, and tells it line by line. */
  output(): Writable;
  /** Everything is told, or cannot be. Never throws. */
  flush(): Promise<void>;
}

type Item =
  | { readonly kind: 'step'; readonly name: string; readonly status: StepStatus }
  | { readonly kind: 'lines'; readonly step: string; readonly lines: ToldLine[]; size: number };

/** What the server takes at once. */
const LINES_AT_ONCE = 500;
const SIZE_AT_ONCE = 256 * 1024;
/** Of one line; the rest of it is the next. */
const LONGEST_LINE = 16 * 1024;
/** What may wait for a server that is away. */
const MOST_WAITING = 8 * 1024 * 1024;
/** Lines are gathered for so long. */
const GATHER_MS = 500;
const BUDGET_MS = 30_000;

export const openTelling = (desk: ProgressDesk, pace: Pace): Telling => {
  const queue: Item[] = [];
  let [current, waiting, isLost] = ['', 0, false];
  let sending: Promise<void> | undefined;
  let hurry = new AbortController();

  const send = async (item: Item): Promise<void> => {
    const tell = (): Promise<void> =>
      item.kind === 'step' ? desk.tellStep(item.name, item.status) : desk.tellLines(item.step, item.lines);
    await persist(tell, pace, { budgetMs: BUDGET_MS, isPassing: isPassingProblem });
  };
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      if (queue[0]?.kind === 'lines') await pace.pause(GATHER_MS, hurry.signal);
      const item = queue.shift();
      if (!item) break;
      if (item.kind === 'lines') waiting -= item.size;
      try {
        await send(item);
      } catch (reason) {
        if (!(reason instanceof RunProblem)) throw reason;
        // The run is over, or the server is away for long: what is told is not worth the run.
      }
    }
    sending = undefined;
  };
  const wake = (): void => {
    sending ??= work();
  };
  const telling: Telling = {
    step(name, status) {
      current = name;
      queue.push({ kind: 'step', name, status });
      wake();
    },
    line(text) {
      const line = { timestamp: writeTime(epochSeconds(pace.clock)), line: text };
      const size = Buffer.byteLength(text) + 40;
      if (waiting + size > MOST_WAITING) {
        isLost = true;
        return;
      }
      if (isLost) {
        isLost = false;
        telling.line('(lines are missing here: the server was away)');
      }
      waiting += size;
      const last = queue.at(-1);
      if (
        last?.kind === 'lines' &&
        last.step === current &&
        last.lines.length < LINES_AT_ONCE &&
        last.size + size <= SIZE_AT_ONCE
      ) {
        last.lines.push(line);
        last.size += size;
      } else {
        queue.push({ kind: 'lines', step: current, lines: [line], size });
      }
      wake();
    },
    output: () => linesTo((line) => telling.line(line)),
    async flush() {
      hurry.abort();
      while (sending) await sending;
      hurry = new AbortController();
    },
  };
  return telling;
};

/** A stream that gives what is written to it line by line; what stands after the last end of a line comes at its end. */
export const linesTo = (take: (line: string) => void): Writable => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const give = (text: string): void => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) for (const part of parts(line)) take(part);
    while (rest.length > LONGEST_LINE) {
      take(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
  };
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      give(decoder.write(chunk));
      done();
    },
    final(done) {
      give(decoder.end());
      if (rest !== '') take(rest);
      rest = '';
      done();
    },
  });
};

const parts = (line: string): readonly string[] => {
  if (line.length <= LONGEST_LINE) return [line];
  return Array.from({ length: Math.ceil(line.length / LONGEST_LINE) }, (_, index) =>
    line.slice(index * LONGEST_LINE, (index + 1) * LONGEST_LINE),
  );
};

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Masker, Masking } from './masking.ts';

/** Signals that whoever started us sends, and the child shall get. */
export type PassedSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hides what must not be seen in what it writes. */
  readonly masking: Masking;
  /** Streams that it gets as they are, unmasked: only where whoever started us asked for that. */
  readonly untouched: { readonly stdout: boolean; readonly stderr: boolean };
}

/** What the child has of ours. */
export interface ChildPlace {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** The child shares our terminal: keys such as Ctrl-C reach it by themselves. */
  readonly atTerminal: boolean;
  /** SIGKILL: it had its time. */
  onSignal(heard: (signal: PassedSignal | 'SIGKILL') => void): void;
  /** Sends a signal to a process and all that it started: then the child leads a group of its own, without a terminal. */
  readonly signalGroup?: (pid: number, signal: PassedSignal | 'SIGKILL') => void;
  /** Called at once when nobody reads our output any more: the process may end before the child does. */
  onBroken(): void;
}

/** The command could not be started: `status` is what a shell would end with, 127 (not found) or 126. */
export class ChildNotStarted extends Error {
  override readonly name = 'ChildNotStarted';
  readonly status: 126 | 127;

  constructor(message: string, status: 126 | 127, cause: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/**
 * Runs a command to its end and gives its exit status; 128 + n when signal n ended it.
 *
 * It reads our standard input. What it writes comes out masked, byte for byte besides, at the pace of whoever reads
 * it. Signals are passed on, but for those that a terminal sends to the child anyway: twice would mean "at once" to
 * many programs. Throws `ChildNotStarted`.
 */
export const runChild = async (command: ChildCommand, place: ChildPlace): Promise<number> => {
  const { file, args, cwd, env, masking } = command;
  const { stdout, stderr } = command.untouched;
  try {
    const child = spawn(file, [...args], {
      cwd,
      env: { ...env },
      detached: place.signalGroup !== undefined,
      stdio: [place.signalGroup ? 'ignore' : 'inherit', stdout ? 'inherit' : 'pipe', stderr ? 'inherit' : 'pipe'],
    });
    const ended = new AbortController();
    passSignals(child, place, ended.signal);
    const [[code, signal]] = await Promise.all([
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
      relay(child.stdout, masking.masker(), place.stdout, () => place.onBroken()),
      relay(child.stderr, masking.masker(), place.stderr, () => place.onBroken()),
    ]);
    ended.abort();
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } catch (cause) {
    throw notStarted(file, cause) ?? cause;
  }
};

const notStarted = (file: string, cause: unknown): ChildNotStarted | undefined => {
  const { code, syscall } = cause as { readonly code?: string; readonly syscall?: string };
  if (syscall?.startsWith('spawn') !== true) return undefined;
  const isMissing = code === 'ENOENT';
  const why = isMissing ? 'was not found' : `cannot be started (${code})`;
  return new ChildNotStarted(`The command ${JSON.stringify(file)} ${why}.`, isMissing ? 127 : 126, cause);
};

const FROM_TERMINAL: ReadonlySet<PassedSignal | 'SIGKILL'> = new Set(['SIGINT', 'SIGHUP']);

const passSignals = (
  child: ChildProcess,
  { onSignal, atTerminal, signalGroup }: ChildPlace,
  ended: AbortSignal,
): void =>
  onSignal((signal) => {
    // Its pid may be somebody else's by now.
    if (ended.aborted) return;
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (signalGroup && child.pid !== undefined) signalGroup(child.pid, signal);
    if (!isOver) {
      if (!signalGroup && !(atTerminal && FROM_TERMINAL.has(signal))) child.kill(signal);
      return;
    }
    // Something that it left behind still holds its streams: nobody waits for that against a signal.
    child.stdout?.destroy();
    child.stderr?.destroy();
  });

/** Passes a stream on until its end, or until nobody reads it: then the child learns it at its next write. */
const relay = async (from: Readable | null, masker: Masker, to: Writable, broken: () => void): Promise<void> => {
  if (!from) return;
  let isBroken = to.destroyed;
  const stop = (): void => {
    isBroken = true;
    from.destroy();
    broken();
  };
  // First of all listeners: another one may end the process.
  to.prependListener('error', stop);
  const show = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0 || isBroken || to.write(bytes)) return;
    const over = new AbortController();
    const { signal } = over;
    await Promise.race([once(to, 'drain', { signal }), once(from, 'close', { signal })]).catch(() => undefined);
    over.abort();
  };
  try {
    for await (const chunk of from) await show(masker.push(chunk as Buffer));
    await show(masker.end());
  } catch (cause) {
    // Closed before its end, by us; what was kept back is not shown.
    if ((cause as { readonly code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw cause;
  } finally {
    to.removeListener('error', stop);
  }
};

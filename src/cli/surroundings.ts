import type { Writable } from 'node:stream';
import type { Environment } from '../settings/variables.ts';
import type { System } from '../system.ts';

/** Where text goes: for a person at a terminal, or into a file or pipe. */
export interface TextSink {
  readonly isTerminal: boolean;
  write(text: string): void;
}

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** Everything that a command may touch of the process it runs in; only src/main.ts makes one. */
export interface Surroundings {
  readonly env: Environment;
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  /** Name of this machine: operators are recorded as `operator:<hostname>`. */
  readonly hostname: string;
  /** This process: whose folders are whose is told by it. */
  readonly pid: number;
  /** Whose process it is; absent where the system has no such numbers. */
  readonly uid: number | undefined;
  readonly system: System;
  /** Takes the answer, and nothing else. */
  readonly stdout: TextSink;
  /** Takes everything that is not the answer. */
  readonly stderr: TextSink;
  /** The same two for what a command that we run writes: bytes, at the pace of whoever reads them. */
  readonly childOutput: { readonly stdout: Writable; readonly stderr: Writable };
  readonly stdin: {
    readonly isTerminal: boolean;
    /** All of it, as text; at most `limit` characters, more is cut off. */
    read(limit: number): Promise<string>;
    /** Asks a person for one line, without showing what is typed. */
    askSecretly(question: string): Promise<string>;
  };
  onSignal(heard: (signal: Signal) => void): void;
  /** Sends a signal to a group of processes, by its leader; one that is gone is no problem. */
  signalGroup(pid: number, signal: Signal | 'SIGKILL'): void;
  /** Ends the process at once. */
  exitNow(status: number): never;
}

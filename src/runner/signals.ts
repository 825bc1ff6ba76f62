import { constants } from 'node:os';
import type { PassedSignal } from './child.ts';

type Heard = (signal: PassedSignal | 'SIGKILL') => void;

/** A signal came before the command began. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: PassedSignal;

  constructor(signal: PassedSignal) {
    super(`Stopped by ${signal} before the command began.`);
    this.signal = signal;
  }
}

/** The signals that reach us from outside, and those that we make ourselves to end the command. */
export interface Signals {
  /** The first one from outside. */
  first(): PassedSignal | undefined;
  /** Given with it. */
  readonly any: AbortSignal;
  /** Throws `Stopped`. */
  throwIfHeard(): void;
  listen(heard: Heard): void;
  /** To whoever listens, as if it came from outside. */
  send(signal: PassedSignal | 'SIGKILL'): void;
}

/** From here on no signal ends the process by itself. */
export const hearSignals = (onSignal: (heard: (signal: PassedSignal) => void) => void): Signals => {
  const listeners: Heard[] = [];
  const any = new AbortController();
  let first: PassedSignal | undefined;
  const send: Heard = (signal) => {
    for (const heard of listeners) heard(signal);
  };
  onSignal((signal) => {
    first ??= signal;
    any.abort();
    send(signal);
  });
  return {
    first: () => first,
    any: any.signal,
    throwIfHeard() {
      if (first !== undefined) throw new Stopped(first);
    },
    listen: (heard) => void listeners.push(heard),
    send,
  };
};

/** The exit status of what a signal ended. */
export const statusOfSignal = (signal: PassedSignal): number => 128 + constants.signals[signal];

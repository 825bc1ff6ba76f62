import { writeSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { runCommandLine } from './cli/main.ts';
import { askSecretly, readText } from './cli/standard-input.ts';
import type { Signal, TextSink } from './cli/surroundings.ts';
import { silentLog, systemClock, systemRandom } from './system.ts';

/** The process: the one place that knows its arguments, environment, streams, signals and exit status. */

const sink = (stream: NodeJS.WriteStream): TextSink => ({
  isTerminal: stream.isTTY === true,
  write: (text) => void stream.write(text),
});

const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

// Whoever reads our answer may stop reading (`runpass run list | head`): that is no failure of ours.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  writeSync(process.stderr.fd, `error: Standard output cannot be written (${code}).\n`);
  process.exit(1);
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  hostname: hostname(),
  pid: process.pid,
  uid: process.getuid?.(),
  system: { clock: systemClock, random: systemRandom, log: silentLog },
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  childOutput: { stdout: process.stdout, stderr: process.stderr },
  stdin: {
    isTerminal: process.stdin.isTTY === true,
    read: (limit) => readText(process.stdin, limit),
    askSecretly: (question) => askSecretly(process.stdin, process.stderr, question),
  },
  onSignal: (heard) => {
    for (const signal of SIGNALS) process.on(signal, () => heard(signal));
  },
  signalGroup: (pid, signal) => {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  },
  exitNow: (status) => process.exit(status),
});

import type { EpochSeconds } from '../system.ts';
import type { StepStatus } from './deployment-status.ts';

/** A step of a deployment, as its agent tells it. */
export interface Step {
  readonly name: string;
  readonly status: StepStatus;
  readonly started: EpochSeconds;
  readonly lastUpdated: EpochSeconds;
}

/** A line of a log. */
export interface LogLine {
  /** RFC 3339, as the agent wrote it. */
  readonly timestamp: string;
  readonly line: string;
}

/** What an agent has told of a deployment so far. */
export interface Progress {
  readonly steps: readonly Step[];
  /** What the log holds, as it counts against the limit. */
  readonly bytes: number;
  /** The limit was reached; the last line says so, and nothing more is taken. */
  readonly truncated: boolean;
}

/** How much one deployment may tell. */
export const LOG_LIMITS = {
  /** Longer lines are cut. */
  lineBytes: 16 * 1024,
  linesInRequest: 1000,
  deploymentBytes: 10 * 1024 * 1024,
  steps: 50,
  stepNameCharacters: 100,
} as const;

/** What stands at the end of a log that was too long. */
const TRUNCATED = 'log truncated';

/** A line counts with what its time takes, so that empty lines have an end, too. */
const LINE_OVERHEAD = 40;

export const NOTHING_YET: Progress = { steps: [], bytes: 0, truncated: false };

/** The step of this name now has this status; `undefined` when there are as many steps as there may be. */
export const withStep = (
  progress: Progress,
  name: string,
  status: StepStatus,
  now: EpochSeconds,
): Progress | undefined => {
  const known = progress.steps.find((step) => step.name === name);
  if (!known && progress.steps.length >= LOG_LIMITS.steps) return undefined;
  const step: Step = { name, status, started: known?.started ?? now, lastUpdated: now };
  const steps = known ? progress.steps.map((other) => (other === known ? step : other)) : [...progress.steps, step];
  return { ...progress, steps };
};

/** Makes room for lines in the log: what of them is kept, and what the log holds then. */
export const withLines = (
  progress: Progress,
  lines: readonly LogLine[],
): { readonly progress: Progress; readonly kept: readonly LogLine[] } => {
  if (progress.truncated) return { progress, kept: [] };
  const kept: LogLine[] = [];
  let { bytes } = progress;
  for (const { timestamp, line } of lines) {
    const cut = cutLine(line);
    const size = Buffer.byteLength(cut) + LINE_OVERHEAD;
    if (bytes + size > LOG_LIMITS.deploymentBytes) {
      kept.push({ timestamp, line: TRUNCATED });
      return { progress: { ...progress, bytes, truncated: true }, kept };
    }
    bytes += size;
    kept.push({ timestamp, line: cut });
  }
  return { progress: { ...progress, bytes }, kept };
};

/** At most so many bytes of a line, and no half of a character. */
const cutLine = (line: string): string => {
  if (Buffer.byteLength(line) <= LOG_LIMITS.lineBytes) return line;
  const bytes = Buffer.from(line).subarray(0, LOG_LIMITS.lineBytes);
  return bytes.toString('utf8').replace(/\uFFFD$/, '');
};

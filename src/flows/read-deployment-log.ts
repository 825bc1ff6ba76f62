import type { LogLine } from '../deployments/progress.ts';
import { Refusal } from '../errors.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import type { FoundDeployment } from './find-deployment.ts';

/** Lines that a reader of the whole log is given at once. */
const LINES_AT_ONCE = 500;
const BYTES_AT_ONCE = 1024 * 1024;
/** Lines that are read at once: long ones are not gathered by the hundred. */
const BATCH = 50;

/** A line of the whole log; the first of each step is its heading. */
export type LogEntry = { readonly header: string } | LogLine;

/**
 * The log from where its reader stands on, step by step.
 *
 * `token` is how far the reader has come in each step, its heading counted as a line. There is a next one as long as
 * more may come: until the deployment is over, and everything of it was read.
 */
export const readLog = async (
  parts: Pick<DeploymentParts, 'deploymentLogs'>,
  { loaded, deployment }: FoundDeployment,
  token: string,
): Promise<{ readonly entries: readonly LogEntry[]; readonly nextToken?: string }> => {
  const positions = positionsIn(token);
  const { steps } = await parts.deploymentLogs.progress(deployment.id);
  const entries: LogEntry[] = [];
  let bytes = 0;
  for (const [step, { name }] of steps.entries()) {
    for (;;) {
      if (entries.length >= LINES_AT_ONCE || bytes >= BYTES_AT_ONCE) {
        return { entries, nextToken: positions.join('.') };
      }
      const at = positions[step] ?? 0;
      positions[step] = Math.max(at, 1);
      if (at === 0) entries.push({ header: name });
      const lines = await parts.deploymentLogs.read(deployment.id, step, (positions[step] ?? 1) - 1, BATCH);
      entries.push(...lines);
      bytes += sizeOf(lines);
      positions[step] = (positions[step] ?? 1) + lines.length;
      if (lines.length < BATCH) break;
    }
  }
  // Looked at before the log was read: what an agent wrote before its run ended has been read by now.
  const over = loaded.run.status !== 'running';
  return { entries, ...(!over && { nextToken: positions.join('.') || '0' }) };
};

const positionsIn = (token: string): number[] => {
  if (token === '') return [];
  if (/^\d{1,7}(?:\.\d{1,7}){0,49}$/.test(token)) return token.split('.').map(Number);
  throw new Refusal('invalid_request', { problem: 'continuationToken: must be a "nextToken" of an answer before' });
};

/** Lines of one step, at most `count`, and where the next ones are if there are more; fewer where they are long. */
export const readStepLog = async (
  { deploymentLogs }: Pick<DeploymentParts, 'deploymentLogs'>,
  { deployment }: FoundDeployment,
  step: number,
  offset: number,
  count: number,
): Promise<{ readonly name?: string; readonly lines: readonly LogLine[]; readonly nextOffset?: number }> => {
  const { steps } = await deploymentLogs.progress(deployment.id);
  const known = steps[step];
  if (!known) return { lines: [] };
  const lines: LogLine[] = [];
  // One line more than was asked for tells whether there are more.
  for (let bytes = 0; lines.length <= count && bytes < BYTES_AT_ONCE; ) {
    const wanted = Math.min(BATCH, count + 1 - lines.length);
    const read = await deploymentLogs.read(deployment.id, step, offset + lines.length, wanted);
    lines.push(...read);
    bytes += sizeOf(read);
    if (read.length < wanted) return { name: known.name, lines };
  }
  const shown = lines.slice(0, count);
  return { name: known.name, lines: shown, nextOffset: offset + shown.length };
};

const sizeOf = (lines: readonly LogLine[]): number => lines.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0);

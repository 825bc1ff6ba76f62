import type { Advice, Failure, Report, RunnerEvent } from '../runner/steps.ts';
import { epochSeconds, writeTime } from '../system.ts';
import { escapeControls, printable, printLine } from './output.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Tells what happens in a run on standard error: lines with times for people, one JSON object a line for programs.
 *
 * `run` tells it from others that are under way at the same time.
 */
export const runReport = (
  { stderr, system }: Pick<Surroundings, 'stderr' | 'system'>,
  json: boolean,
  run?: { readonly id: string; readonly label: string },
): Report => {
  const now = (): string => writeTime(epochSeconds(system.clock));
  const label = run ? `${run.label}: ` : '';
  const which = run ? { run: run.id } : {};
  return (event) => {
    if (json) printLine(stderr, escapeControls(JSON.stringify({ time: now(), ...which, ...forPrograms(event) })));
    else for (const line of linesOf(event)) printLine(stderr, `${now().slice(11, 19)} ${printable(label + line)}`);
  };
};

const forPrograms = (event: RunnerEvent): object => {
  const { kind, ...rest } = event;
  if (event.kind !== 'stepEnded') return { event: kind, ...rest };
  const { tookMs, step, outcome, detail } = event;
  return {
    event: 'stepEnded',
    step,
    outcome,
    seconds: Math.round(tookMs) / 1000,
    ...(detail !== undefined && { detail }),
  };
};

const linesOf = (event: RunnerEvent): readonly string[] => {
  if (event.kind === 'step') return [event.step];
  if (event.kind !== 'stepEnded') return detailLines(event).map((line) => `  ${line}`);
  const detail = event.detail === undefined ? '' : `: ${event.detail}`;
  return [`  ${event.outcome === 'succeeded' ? 'done' : 'failed'} after ${duration(event.tookMs)}${detail}`];
};

/** What is told within a step. */
export const detailLines = (
  event: Exclude<RunnerEvent, { readonly kind: 'step' | 'stepEnded' }>,
): readonly string[] => {
  if (event.kind === 'detail') return [`${event.about}: ${event.detail}`];
  return event.kind === 'warning' ? [`warning: ${event.message}`] : failureLines(event);
};

/** What the cloud said, what it was shown, the likely cause, and how to find it. */
export const failureLines = ({ about, message, presented, hint, advice }: Failure): readonly string[] => [
  `${about}: ${message}`,
  ...(presented ? ['presented:', ...Object.entries(presented).map(([name, value]) => `  ${name} ${value}`)] : []),
  ...(hint === undefined ? [] : [`likely cause: ${hint}`]),
  ...(advice ? adviceLines(advice) : []),
];

const adviceLines = ({ checks, reasons, ask }: Advice): readonly string[] => [
  'check:',
  ...checks.map((check) => `  ${check}`),
  ...(reasons ? ['the trust document at hand:', ...reasons.map((reason) => `  ${reason}`)] : []),
  'or let Runpass compare:',
  `  ${ask}`,
];

const duration = (ms: number): string => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours} h ` : ''}${minutes} min ${Math.floor(seconds % 60)} s`;
};

import type { Failure, Report, RunnerEvent } from '../runner/steps.ts';
import { epochSeconds, writeTime } from '../system.ts';
import { escapeControls, printable, printLine } from './output.ts';
import type { Surroundings } from './surroundings.ts';

/** Tells what happens in a run on standard error: lines with times for people, one JSON object a line for programs. */
export const runReport = ({ stderr, system }: Pick<Surroundings, 'stderr' | 'system'>, json: boolean): Report => {
  const now = (): string => writeTime(epochSeconds(system.clock));
  return (event) => {
    if (json) printLine(stderr, escapeControls(JSON.stringify({ time: now(), ...forPrograms(event) })));
    else for (const line of linesOf(event)) printLine(stderr, `${now().slice(11, 19)} ${printable(line)}`);
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
  switch (event.kind) {
    case 'step':
      return [event.step];
    case 'detail':
      return [`  ${event.about}: ${event.detail}`];
    case 'stepEnded': {
      const detail = event.detail === undefined ? '' : `: ${event.detail}`;
      return [`  ${event.outcome === 'succeeded' ? 'done' : 'failed'} after ${duration(event.tookMs)}${detail}`];
    }
    case 'warning':
      return [`  warning: ${event.message}`];
    case 'failure':
      return failureLines(event).map((line) => `  ${line}`);
  }
};

/** What the cloud said, what it was shown, and the likely cause. */
export const failureLines = ({ about, message, presented, hint }: Failure): readonly string[] => [
  `${about}: ${message}`,
  ...(presented ? ['presented:', ...Object.entries(presented).map(([name, value]) => `  ${name} ${value}`)] : []),
  ...(hint === undefined ? [] : [`likely cause: ${hint}`]),
];

const duration = (ms: number): string => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours} h ` : ''}${minutes} min ${Math.floor(seconds % 60)} s`;
};

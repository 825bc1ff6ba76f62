import { Session } from 'node:inspector/promises';

/** Where a process spends its time: the functions that were on top of the stack most often. */
export interface ProfileLine {
  /** Share of the profiled time that was not idle. */
  readonly share: number;
  readonly what: string;
}

const LINES = 40;
const PROJECT = new URL('..', import.meta.url).href;
const session = new Session();

export const startProfile = async (): Promise<void> => {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
};

/** Ends it; gives self times by function, and summed up by package, the largest first. Main thread only. */
export const endProfile = async (): Promise<readonly ProfileLine[]> => {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let total = 0;
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === '(idle)' || hitCount === 0) continue;
    total += hitCount;
    const file = url.replace(PROJECT, '');
    const place = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+\/[^/]+|node:.+)/.exec(file)?.[0] ?? '(native)';
    const name = `${functionName || '(anonymous)'} ${file ? `${file}:${lineNumber + 1}` : ''}`;
    functions.set(name, (functions.get(name) ?? 0) + hitCount);
    places.set(`in all of ${place}`, (places.get(`in all of ${place}`) ?? 0) + hitCount);
  }
  const top = (of: ReadonlyMap<string, number>): readonly ProfileLine[] =>
    [...of]
      .sort(([, a], [, b]) => b - a)
      .slice(0, LINES)
      .map(([what, hits]) => ({ share: hits / total, what }));
  return [...top(places), ...top(functions)];
};

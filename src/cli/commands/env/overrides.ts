import { nameOf, readOverrides } from '../../../environments/overrides.ts';
import { unusable } from '../../failure.ts';

/** What `--override-env import=replacement` sends, however often it is given; `undefined` when it is not. */
export const encodeOverrides = (given: readonly string[] = []): string | undefined => {
  if (given.length === 0) return undefined;
  const overrides = readOverrides(given.map(splitPair));
  if ('problem' in overrides) throw unusable(overrides.problem, HOW);
  const named = Object.fromEntries([...overrides].map(([name, replacement]) => [name, nameOf(replacement)]));
  return Buffer.from(JSON.stringify(named)).toString('base64url');
};

const HOW = 'write --override-env [project/]environment=[project/]environment, with @VERSION where one is meant';

const splitPair = (text: string): readonly [string, string] => {
  const [, from, to] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (from !== undefined && to !== undefined) return [from, to];
  throw unusable(`${JSON.stringify(text)} does not say what overrides what.`, HOW);
};

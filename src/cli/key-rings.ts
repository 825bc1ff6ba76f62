import type { KeyRow, RingView } from '../keys/timeline.ts';
import { spell } from '../keys/timing.ts';
import { type EpochSeconds, writeTime } from '../system.ts';
import { printLine, printTable } from './output.ts';
import type { TextSink } from './surroundings.ts';

/** A ring for people: its keys as a table, what is to come as a timeline. */
export const printRing = (
  to: TextSink,
  { name, gen, alg, now, signsNow, signsNext, keys, timeline }: RingView,
): void => {
  printLine(to, `${name}: generation ${gen}, new keys ${alg}, store time ${writeTime(now)}`);
  printLine(to);
  const columns = ['key', 'alg', 'state', 'signs from', 'signs until', 'leaves', 'sealed with'];
  printTable(to, columns, keys.map(rowOf));
  printLine(to);
  const signing = signsNow === undefined ? 'no key signs: nothing is issued' : `${shortKid(signsNow)} signs`;
  const next = signsNext
    ? `; next is ${shortKid(signsNext.kid)}, in ${spell(signsNext.at - now)}`
    : '; no next key is published yet';
  printLine(to, `${writeTime(now)}  ${signing}${next}`);
  for (const { at, kid, what } of timeline)
    printLine(to, `${writeTime(at)}  ${shortKid(kid)} ${what} (in ${spell(at - now)})`);
};

const rowOf = (key: KeyRow): readonly string[] => [
  key.kid,
  key.alg,
  key.revoked ? `${key.phase}: ${key.revoked.reason}` : key.phase,
  writeTime(key.signFrom),
  writeTime(key.signUntil),
  writeTime(key.removeAt),
  key.sealedWith ?? 'destroyed',
];

/** Enough of a key's name to tell it from its neighbours. */
export const shortKid = (kid: string): string => `${kid.slice(0, 10)}…`;

/** The same for programs, with times as RFC 3339. */
export const ringForPrograms = ({ now, signsNext, keys, timeline, ...ring }: RingView) => ({
  ...ring,
  now: writeTime(now),
  ...(signsNext && { signsNext: { ...signsNext, at: writeTime(signsNext.at) } }),
  keys: keys.map(({ publishedAt, signFrom, signUntil, removeAt, destroyAt, revoked, ...key }) => ({
    ...key,
    publishedAt: writeTime(publishedAt),
    signFrom: writeTime(signFrom),
    signUntil: writeTime(signUntil),
    removeAt: writeTime(removeAt),
    ...optionalTime('destroyAt', destroyAt),
    ...(revoked && { revoked: { ...revoked, at: writeTime(revoked.at) } }),
  })),
  timeline: timeline.map(({ at, ...event }) => ({ at: writeTime(at), ...event })),
});

const optionalTime = <Name extends string>(name: Name, time: EpochSeconds | undefined) =>
  time === undefined ? {} : { [name]: writeTime(time) };

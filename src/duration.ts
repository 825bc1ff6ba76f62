const SECOND = 1_000_000_000n;
const GO_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // Both letters that look so: the micro sign and the Greek mu.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};
const UNITS: typeof GO_UNITS = { ...GO_UNITS, d: 86_400n * SECOND };

const MAX_TEXT = 64;
/** Ten years: longer is a slip of the finger. */
const MAX_SECONDS = 10 * 365 * 86_400;

/**
 * Whole seconds of a duration as Go's `time.ParseDuration` reads it (`2h`, `1h30m`, `1.5h`), parts of a second cut off.
 *
 * `undefined` for any other text, and for what is not between one second and ten years.
 */
export const readGoDuration = (text: string): number | undefined => sumOf(text, GO_UNITS);

/** The same with days, which Go does not know: `7d`, `24h`, `90m`, `30s`, `1d12h`. */
export const readTimeSpan = (text: string): number | undefined => sumOf(text, UNITS);

const sumOf = (text: string, units: typeof GO_UNITS): number | undefined => {
  const body = text.startsWith('+') ? text.slice(1) : text;
  if (text.length > MAX_TEXT || !/^(?:(?:\d+\.?\d*|\.\d+)[a-z\u00b5\u03bc]+)+$/.test(body)) return undefined;
  // Whole numbers all the way: 2.3h must not become a second less than it is.
  let sum = 0n;
  for (const [, number = '', unit = ''] of body.matchAll(/([\d.]+)([^\d.]+)/g)) {
    const worth = Object.hasOwn(units, unit) ? units[unit] : undefined;
    if (worth === undefined) return undefined;
    const [whole = '', broken = ''] = number.split('.');
    sum += BigInt(whole || '0') * worth + (BigInt(broken || '0') * worth) / 10n ** BigInt(broken.length);
  }
  const seconds = sum / SECOND;
  return seconds >= 1n && seconds <= BigInt(MAX_SECONDS) ? Number(seconds) : undefined;
};

/** Whole seconds of `1h30m`; `undefined` for any other text, and for an empty one. */
export const readHoursMinutesSeconds = (text: string): number | undefined => {
  const found = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (!found || text === '') return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((digits) => Number(digits ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
};

/** A duration as Go's `Duration.String` writes it: `1h0m0s`, `15m0s`, `30s`. */
export const writeGoDuration = (seconds: number): string => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
};

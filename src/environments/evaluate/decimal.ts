/** Decimal numbers as texts, exact whatever their size: what `json.Number` is compared with in the reference. */
interface Decimal {
  readonly digits: bigint;
  /** The power of ten that the digits are multiplied with. */
  readonly exponent: number;
}

const NUMBER = /^([-+]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]+))?$/;
/** Further apart than this, the larger exponent decides. */
const MAX_APART = 2_000;
const MAX_DIGITS = 1_000;

const readDecimal = (text: string): Decimal => {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const all = whole + fraction;
  const digits = BigInt(all.slice(0, MAX_DIGITS));
  const dropped = Math.max(0, all.length - MAX_DIGITS);
  return {
    digits: sign === '-' ? -digits : digits,
    exponent: digits === 0n ? 0 : Number(exponent) - fraction.length + dropped,
  };
};

/** Negative, zero or positive, as the first number is less than, equal to or greater than the second. */
export const compareDecimals = (left: string, right: string): number => {
  const [one, other] = [readDecimal(left), readDecimal(right)];
  const [first, second] = aligned(one, other);
  return first < second ? -1 : first > second ? 1 : 0;
};

/** Is the number a whole multiple of another one? Of zero there is none. */
export const isMultiple = (number: string, of: string): boolean => {
  const [one, other] = aligned(readDecimal(number), readDecimal(of));
  return other !== 0n && one % other === 0n;
};

/** Both as multiples of the same power of ten. */
const aligned = (one: Decimal, other: Decimal): readonly [bigint, bigint] => {
  const apart = one.exponent - other.exponent;
  const power = 10n ** BigInt(Math.min(Math.abs(apart), MAX_APART));
  return apart > 0 ? [one.digits * power, other.digits] : [one.digits, other.digits * power];
};

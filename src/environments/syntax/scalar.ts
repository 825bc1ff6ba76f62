import type { NumberText } from '../values.ts';
import { decodeBase64 } from './base64.ts';

/** A scalar as the reference's YAML reader (go-yaml 3) understands it. */
export type Scalar = null | boolean | string | NumberText | { readonly wrong: string };

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES = new Set(['true', 'True', 'TRUE']);
const FALSES = new Set(['false', 'False', 'FALSE']);
const NOT_FINITE = /^(?:[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const MAY_BE_NUMBER = /^[-+.0-9]/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const LONGEST_NUMBER = 400;
const YAML_TAG = 'tag:yaml.org,2002:';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * What a plain scalar means. `yes`, `on` and dates stay texts; `0777` and `0o777` are octal; `1_000` is 1000.
 *
 * Numbers come out in the reference's one spelling: integers in decimal, all others as the shortest text that reads
 * back as the same 64-bit float. Infinity and NaN are wrong: JSON has no word for them.
 */
export const readPlainScalar = (text: string): Scalar => {
  if (NULLS.has(text)) return null;
  if (TRUES.has(text)) return true;
  if (FALSES.has(text)) return false;
  if (!MAY_BE_NUMBER.test(text) || text.length > LONGEST_NUMBER) return text;
  if (NOT_FINITE.test(text)) return { wrong: `${text} is not a number that JSON can say` };
  if (text.startsWith('.')) {
    const fraction = text.replaceAll(/(?<=[0-9])_(?=[0-9])/g, '');
    return FLOAT.test(fraction) ? (readFloat(fraction) ?? text) : text;
  }
  const digits = text.replaceAll('_', '');
  return readInteger(digits) ?? (FLOAT.test(digits) ? readFloat(digits) : undefined) ?? text;
};

/** A scalar with a tag, which may be one of YAML's own, as in `!!int 42`. Any other tag makes a text of it. */
export const readTaggedScalar = (text: string, tag: string): Scalar => {
  const kind = tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : '';
  if (kind === 'binary' && 'problem' in decodeBase64(text)) {
    return { wrong: 'yaml: !!binary value contains invalid base64 data' };
  }
  if (kind === 'timestamp' && TIMESTAMP.test(text)) return text;
  if (!TYPES.has(kind)) return text;
  const read = readPlainScalar(text);
  if (isWrong(read)) return read;
  const type = typeOf(read, text);
  if (type === kind) return read;
  const asFloat = kind === 'float' && isNumber(read) && BigInt(read.number) <= MAX_INT64 && readFloat(read.number);
  return asFloat || { wrong: `yaml: cannot decode !!${type} \`${text}\` as a !!${kind}` };
};

const TYPES = new Set(['null', 'bool', 'int', 'float', 'timestamp']);
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt][0-9]{1,2}(?::[0-9]{1,2}){2}(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})| [0-9]{1,2}(?::[0-9]{1,2}){2}(?:[.,][0-9]+)?)?$/;

const typeOf = (read: Exclude<Scalar, { readonly wrong: string }>, text: string): string => {
  if (read === null) return 'null';
  if (typeof read === 'boolean') return 'bool';
  if (typeof read === 'string') return 'str';
  return readInteger(text.replaceAll('_', '')) ? 'int' : 'float';
};

const isWrong = (scalar: Scalar): scalar is { readonly wrong: string } =>
  typeof scalar === 'object' && scalar !== null && 'wrong' in scalar;

const isNumber = (scalar: Scalar): scalar is NumberText =>
  typeof scalar === 'object' && scalar !== null && 'number' in scalar;

/** An integer of at most 64 bits; wider ones are read as floats, as the reference does. */
const readInteger = (text: string): NumberText | undefined => {
  const [, sign, hexadecimal, binary, octal, oldOctal, decimal] = INTEGER.exec(text) ?? [];
  const digits = hexadecimal
    ? `0x${hexadecimal}`
    : binary
      ? `0b${binary}`
      : (octal ?? oldOctal)
        ? `0o${octal ?? oldOctal}`
        : decimal;
  if (digits === undefined) return undefined;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value >= MIN_INT64 && value <= MAX_UINT64 ? { number: value.toString() } : undefined;
};

const readFloat = (text: string): NumberText | undefined => {
  const value = Number(text);
  return Number.isFinite(value) ? { number: formatFloat(value) } : undefined;
};

/** The shortest text of a float in Go's form `%g`: with an exponent, of two digits at least, from a million on. */
const formatFloat = (value: number): string => {
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDecimal(mantissa, power);
  return `${mantissa}e${power < 0 ? '-' : '+'}${Math.abs(power).toString().padStart(2, '0')}`;
};

const plainDecimal = (mantissa: string, power: number): string => {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  if (digits.length <= power + 1) return `${sign}${digits}${'0'.repeat(power + 1 - digits.length)}`;
  return `${sign}${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
};

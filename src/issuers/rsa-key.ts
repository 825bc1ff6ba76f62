/** OpenSSL takes no larger exponent with a large modulus; nobody uses one. */
const MAX_EXPONENT_BITS = 64;
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 8192;

const SMALL_PRIMES: readonly number[] = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
  113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/**
 * What is wrong with an RSA public key that somebody wants us to trust: the member, and the end of a sentence.
 *
 * The arguments are unsigned big-endian numbers. RFC 8017, section 3.1; NIST SP 800-56B, section 6.2.1.
 */
export const findRsaProblem = (
  modulus: Uint8Array,
  exponent: Uint8Array,
): { readonly member: 'n' | 'e'; readonly problem: string } | undefined => {
  const bits = bitsOf(modulus);
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS) {
    return { member: 'n', problem: `has ${bits} bits; a modulus has ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS}` };
  }
  const e = bitsOf(exponent) > MAX_EXPONENT_BITS ? 0n : numberOf(exponent);
  if (e < 3n || e % 2n === 0n) {
    return { member: 'e', problem: `must be an odd number from 3 to 2^${MAX_EXPONENT_BITS} - 1` };
  }
  const n = numberOf(modulus);
  const residues = SMALL_PRIMES.map((prime) => Number(n % BigInt(prime)));
  if (residues.includes(0)) return { member: 'n', problem: 'has a small factor: anybody can sign with this key' };
  if (hasRocaFingerprint(residues)) {
    return { member: 'n', problem: 'has the fingerprint of ROCA (CVE-2017-15361): others can compute the private key' };
  }
  return undefined;
};

/**
 * Keys of one broken chip library have a modulus that is a power of 65537 modulo each small prime. Of other moduli
 * one in 2^27 is. Nemec et al., "The Return of Coppersmith's Attack", section 3.1.
 */
const hasRocaFingerprint = (residues: readonly number[]): boolean =>
  residues.every((residue, at) => ROCA_RESIDUES[at]?.has(residue));

const powersOf65537 = (prime: number): ReadonlySet<number> => {
  const powers = new Set<number>();
  for (let power = 1 % prime; !powers.has(power); power = (power * 65537) % prime) powers.add(power);
  return powers;
};
const ROCA_RESIDUES = SMALL_PRIMES.map(powersOf65537);

const bitsOf = (bytes: Uint8Array): number => {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
};

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);

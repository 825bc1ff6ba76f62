const P = 2n ** 255n - 19n;
const D = (-121665n * power(121666n, P - 2n)) % P;

/**
 * Whether 32 bytes are a point of edwards25519 that a public key may be: canonical, on the curve, and of large order.
 *
 * Whoever publishes a point of small order publishes a key with which anybody can sign. RFC 8032, section 5.1.3;
 * libraries leave this to their callers.
 */
export const isEd25519PublicKey = (bytes: Uint8Array): boolean => {
  const little = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const y = little & (2n ** 255n - 1n);
  if (y >= P) return false;
  // x² = (y² - 1) / (d y² + 1); the divisor is never 0, because -1/d is no square.
  const ySquared = (y * y) % P;
  const xSquared = mod((ySquared - 1n) * power(mod(D * ySquared + 1n), P - 2n));
  if (xSquared !== 0n && power(xSquared, (P - 1n) / 2n) !== 1n) return false;
  return !hasSmallOrder(xSquared, ySquared);
};

/** Orders 1 and 2: x = 0. Order 4: y = 0. Order 8: doubling gives order 4, so 2y = 0, which is x² + y² = 0. */
const hasSmallOrder = (xSquared: bigint, ySquared: bigint): boolean =>
  xSquared === 0n || ySquared === 0n || (xSquared + ySquared) % P === 0n;

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

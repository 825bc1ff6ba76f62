import { decodeBase64 } from './base64.ts';

/**
 * The form in which the ciphertext of a secret stands in a definition: base64 of "escx", a version, the ciphertext and
 * a CRC-32 of all before it. The checksum finds what was cut off or mistyped; it protects nothing.
 */

const MAGIC = 'escx';
const VERSION = 1;
const HEADER = 8;
const CHECKSUM = 4;

export const packCiphertext = (ciphertext: Uint8Array): string => {
  const envelope = Buffer.alloc(HEADER + ciphertext.length + CHECKSUM);
  envelope.write(MAGIC, 'latin1');
  envelope.writeUInt32BE(VERSION, MAGIC.length);
  envelope.set(ciphertext, HEADER);
  envelope.writeUInt32BE(checksum(envelope.subarray(0, -CHECKSUM)), HEADER + ciphertext.length);
  return envelope.toString('base64');
};

/** The ciphertext in an envelope, or what is wrong with it, in the reference's words. */
export const unpackCiphertext = (
  stored: string,
): { readonly ciphertext: Uint8Array } | { readonly problem: string } => {
  const decoded = decodeBase64(stored);
  if ('problem' in decoded) return decoded;
  const envelope = Buffer.from(decoded);
  if (envelope.length < HEADER + 2 * CHECKSUM) return { problem: 'EOF' };
  if (envelope.toString('latin1', 0, MAGIC.length) !== MAGIC) return { problem: 'invalid header' };
  const body = envelope.subarray(0, -CHECKSUM);
  if (envelope.readUInt32BE(body.length) !== checksum(body)) return { problem: 'invalid checksum' };
  if (envelope.readUInt32BE(MAGIC.length) !== VERSION) return { problem: 'unsupported version' };
  return { ciphertext: body.subarray(HEADER) };
};

/** CRC-32 as in ISO 3309 (IEEE 802.3), reflected. */
const checksum = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
};

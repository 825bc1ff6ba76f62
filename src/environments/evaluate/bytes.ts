/**
 * Texts that may hold bytes which are no UTF-8, as the reference's strings may: `fn::fromBase64` makes such. A byte
 * that belongs to no character is kept as a lone surrogate (U+DC80 to U+DCFF) and is itself again in `textToBytes`.
 */
export const bytesToText = (bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  let result = '';
  for (let index = 0; index < bytes.length; ) {
    const length = characterLength(bytes, index);
    result +=
      length > 0 ? buffer.toString('utf8', index, index + length) : String.fromCharCode(0xdc00 + (bytes[index] ?? 0));
    index += Math.max(1, length);
  }
  return result;
};

export const textToBytes = (text: string): Uint8Array => {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
};

/** Bytes of the character that begins here; 0: none does (RFC 3629, section 4). */
const characterLength = (bytes: Uint8Array, start: number): number => {
  const first = bytes[start] ?? 0;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length === 0 || start + length > bytes.length) return 0;
  const second = bytes[start + 1] ?? 0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let index = 2; index < length; index++) if (((bytes[start + index] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
};

const ALPHABET = /[A-Za-z0-9+/]/;

/**
 * Decodes base64 with padding (RFC 4648, section 4); line breaks are skipped. For anything else the problem, in the
 * reference's words and with the offset of the first byte that is wrong.
 */
export const decodeBase64 = (text: string): Uint8Array | { readonly problem: string } => {
  const illegal = illegalByte(text);
  return illegal === undefined
    ? Buffer.from(text, 'base64')
    : { problem: `illegal base64 data at input byte ${illegal}` };
};

/** Walks four digits at a time, as Go's decoder does: it decides which byte is blamed. */
const illegalByte = (text: string): number | undefined => {
  const isBreak = (index: number): boolean => text[index] === '\n' || text[index] === '\r';
  let digits = 0;
  for (let index = 0; index < text.length; index++) {
    if (isBreak(index)) continue;
    if (ALPHABET.test(text[index] ?? '')) {
      digits = (digits + 1) % 4;
      continue;
    }
    if (text[index] !== '=' || digits < 2) return Buffer.byteLength(text.slice(0, index));
    let next = index + 1;
    const skip = (): void => {
      while (isBreak(next)) next++;
    };
    if (digits === 2) {
      skip();
      if (next >= text.length) return text.length;
      if (text[next] !== '=') return next - 1;
      next++;
    }
    skip();
    return next < text.length ? next : undefined;
  }
  return digits === 0 ? undefined : text.length - digits;
};

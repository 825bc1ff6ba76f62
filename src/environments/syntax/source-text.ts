import type { Position, SourceRange } from '../values.ts';

/** Where a node stands: offsets into the text (UTF-16 units), and its path from the top of the document. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly path: string;
}

/** A document's text under the name it was read by; turns offsets into places for people. */
export class SourceText {
  readonly name: string;
  readonly text: string;
  /** Offset and byte at which each line begins; made when a place is first asked for. */
  #lines: { readonly offsets: number[]; readonly bytes: number[] } | undefined;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  range(place: Pick<Place, 'start' | 'end'>): SourceRange {
    return { environment: this.name, begin: this.#position(place.start), end: this.#position(place.end) };
  }

  #position(offset: number): Position {
    this.#lines ??= this.#findLines();
    const { offsets, bytes } = this.#lines;
    let line = 0;
    for (let low = 0, high = offsets.length - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      if ((offsets[middle] ?? 0) <= offset) {
        line = middle;
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    const before = this.text.slice(offsets[line], offset);
    let column = 1;
    for (const _ of before) column++;
    return { line: line + 1, column, byte: (bytes[line] ?? 0) + Buffer.byteLength(before) };
  }

  #findLines(): { readonly offsets: number[]; readonly bytes: number[] } {
    const offsets = [0];
    const bytes = [0];
    let byte = 0;
    for (let from = 0; ; ) {
      const end = this.text.indexOf('\n', from);
      if (end === -1) return { offsets, bytes };
      byte += Buffer.byteLength(this.text.slice(from, end + 1));
      from = end + 1;
      offsets.push(from);
      bytes.push(byte);
    }
  }
}

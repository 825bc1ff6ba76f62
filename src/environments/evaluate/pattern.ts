import { type Instruction, PatternProblem, parsePattern } from './pattern-syntax.ts';

/** A compiled pattern: `matches` takes time in proportion to text times pattern, whatever both are, and counts it. */
export interface Pattern {
  readonly source: string;
  matches(text: string, spend: (steps: number) => void): boolean;
}

/**
 * Compiles a regular expression that a user wrote, in the syntax of RE2 as far as it is understood here. Nothing is
 * ever tried twice: all ways through the pattern are followed at once, character by character (Thompson, 1968).
 */
export const compilePattern = (source: string): Pattern | { readonly problem: string } => {
  try {
    const program = parsePattern(source);
    return { source, matches: (text, spend) => run(program, text, spend) };
  } catch (error) {
    if (error instanceof PatternProblem) return { problem: error.message };
    throw error;
  }
};

const WORD = /^[0-9A-Za-z_]$/;

/** Searches anywhere in the text, as schemas do. */
const run = (program: readonly Instruction[], text: string, spend: (steps: number) => void): boolean => {
  const characters = [...text];
  let current: number[] = [];
  for (let index = 0; index <= characters.length; index++) {
    const reached = new Set<number>();
    const waiting: number[] = [0, ...current];
    const next: number[] = [];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      const step = program[at];
      if (!step || step.op === 'match') return true;
      if (step.op === 'fork') waiting.push(...step.to);
      else if (step.op === 'assert') {
        if (holds(step.what, characters, index)) waiting.push(at + 1);
      } else if (index < characters.length && step.accepts(characters[index]?.codePointAt(0) ?? 0)) next.push(at + 1);
    }
    spend(reached.size);
    current = next;
  }
  return false;
};

const holds = (what: 'start' | 'end' | 'edge' | 'inside', characters: readonly string[], index: number): boolean => {
  if (what === 'start') return index === 0;
  if (what === 'end') return index === characters.length;
  const isEdge = WORD.test(characters[index - 1] ?? '') !== WORD.test(characters[index] ?? '');
  return isEdge === (what === 'edge');
};

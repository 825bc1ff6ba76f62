/** One instruction of a Dockerfile: `COPY --from=build /a b` is `{ name: 'COPY', flags: { from: 'build' }, words: [...] }`. */
export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags, as it stands. */
  readonly text: string;
  /** The same, as words: those of the JSON form where there is one, without the CMD of a health check. */
  readonly words: readonly string[];
}

export interface Stage {
  readonly base: string;
  readonly name?: string;
  readonly instructions: readonly Instruction[];
}

/**
 * Reads a Dockerfile, as far as ours uses the language: comments, continued lines, flags, the JSON form, stages.
 *
 * It lets a machine without a container engine check the image and replay its steps.
 */
export const parseDockerfile = (text: string): readonly Stage[] => {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim());
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const instruction = parseInstruction(line);
    if (instruction.name === 'FROM') {
      const [base = '', , name] = instruction.words;
      stages.push({ base, ...(name && { name }), instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
};

const parseInstruction = (line: string): Instruction => {
  const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
  const flags = [...(/^(?:--\S+\s+)*/.exec(rest)?.[0] ?? '').matchAll(/--([\w-]+)=(\S+)/g)];
  const text = rest.replace(/^(?:--\S+\s+)*/, '').trim();
  const json = /^(?:CMD\s+)?(\[.*\])$/.exec(text)?.[1];
  const words: string[] = json ? JSON.parse(json) : text.split(/\s+/);
  return {
    name: name.toUpperCase(),
    flags: Object.fromEntries(flags.map(([, flag = '', value = '']) => [flag, value])),
    text,
    words,
  };
};

/** What `ENV` sets in a stage. */
export const environmentOf = (stage: Stage): Record<string, string> =>
  Object.fromEntries(
    stage.instructions
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ words }) => words.map((word) => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)])),
  );

/** A scope as its flags, and runs within and beyond it; absent where no run is meant. */
export interface Step {
  readonly what: string;
  readonly scope: string;
  readonly within?: string;
  readonly beyond?: string;
}

export const run = (project: string, stack: string, operation = 'update'): string =>
  `--project=${project} --stack=${stack} --operation ${operation}`;

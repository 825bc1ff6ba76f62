import { type Command, InvalidArgumentError, Option } from 'commander';
import { OPERATIONS, type Operation } from '../access/organization.ts';

/** Which run, or which kind of run, a command is about. */
export interface RunTarget {
  readonly org?: string;
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
}

export const JSON_FLAG = ['--json', 'print one JSON document instead'] as const;
export const ORGANIZATION_FLAG = ['--org <name>', 'organization; absent: that of the access token'] as const;

/** A command that has commands of its own, and does nothing by itself. */
export const addGroup = (program: Command, name: string, description: string): Command =>
  program.command(name).description(description).helpCommand(false);

/** `--org --project --stack --operation`: the same for every command that names a run. */
export const addRunTarget = (command: Command): Command =>
  command
    .option(...ORGANIZATION_FLAG)
    .requiredOption('--project <name>', 'project')
    .requiredOption('--stack <name>', 'stack')
    .addOption(operationOption().makeOptionMandatory());

export const operationOption = (): Option =>
  new Option('--operation <operation>', 'what the run does').choices(OPERATIONS);

export const issuerOption = (description: string): Option =>
  new Option('--issuer <issuer>', description).choices(['v1', 'v2']);

/** A whole number within bounds, as the parser of a flag. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Gathers a flag that may be given several times. */
export const gather = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  text,
];

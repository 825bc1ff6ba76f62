import { type Command, InvalidArgumentError } from 'commander';
import { OPERATIONS, type Operation } from '../../../access/organization.ts';
import { unusable } from '../../failure.ts';
import { gather, issuerOption, ORGANIZATION_FLAG, operationOption } from '../../options.ts';

/** Whom a trust document is for. */
export interface ScopeFlags {
  readonly org?: string;
  readonly project?: string;
  readonly stack?: string;
  readonly operation?: readonly Operation[];
  readonly environment?: string;
  readonly attribute?: readonly string[];
  readonly issuer: 'v1' | 'v2';
  readonly audience?: string;
}

/** The same flags for writing a document and for verifying one. */
export const addScopeFlags = (command: Command): Command =>
  command
    .option(...ORGANIZATION_FLAG)
    .option('--project <pattern>', 'of runs: project; "*": every project')
    .option('--stack <pattern>', 'of runs: stack, such as dev or "prod-*"; absent: every stack of the project')
    .addOption(operationOption().argParser(gatherOperation))
    .option('--environment <project/name>', 'of an environment: the one that is opened')
    .option('--attribute <name=value>', 'part of the subject of its logins, in order; without "=value": any', gather)
    .addOption(issuerOption('which of our issuers').default('v1'))
    .option('--audience <text>', 'audience of the tokens; absent: what the relying party gets without being asked');

const gatherOperation = (text: string, before: readonly Operation[] | undefined): readonly Operation[] => {
  const known = OPERATIONS.find((operation) => operation === text);
  if (!known) throw new InvalidArgumentError(`It must be one of ${OPERATIONS.join(', ')}.`);
  return [...(before ?? []), known];
};

/** The scope as the API takes it. */
export const readScope = ({ project, stack = '*', operation, environment, attribute }: ScopeFlags): object => {
  if ((project === undefined) === (environment === undefined)) {
    throw unusable('A document is for runs, or for an environment.', 'give --project, or --environment project/name');
  }
  if (environment === undefined) return { project, stack, ...(operation && { operations: operation }) };
  const attributes = (attribute ?? []).map((text) => {
    const [name, ...value] = text.split('=');
    return value.length === 0 ? { attribute: name } : { attribute: name, value: value.join('=') };
  });
  return { environment, ...(attributes.length > 0 && { attributes }) };
};

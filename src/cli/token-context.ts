import type { Command } from 'commander';
import type { Operation } from '../access/organization.ts';
import { SUBJECT_ATTRIBUTES } from '../tokens/subject.ts';
import { unusable } from './failure.ts';
import { gather, operationOption } from './options.ts';

/** What a token would be for: a run, or a login of an environment. */
export interface ContextFlags {
  readonly project?: string;
  readonly stack?: string;
  readonly operation?: Operation;
  readonly environment?: string;
  readonly current?: string;
  readonly subjectAttribute?: readonly string[];
}

/** As the API takes it. */
export type TokenContext =
  | { readonly run: { readonly project: string; readonly stack: string; readonly operation: Operation } }
  | {
      readonly environment: {
        readonly root: string;
        readonly current?: string;
        readonly subjectAttributes?: readonly string[];
      };
    };

/** The same flags for every command that thinks of a token. */
export const addContextFlags = (command: Command): Command =>
  command
    .option('--project <name>', 'of a run: project')
    .option('--stack <name>', 'of a run: stack')
    .addOption(operationOption())
    .option('--environment <project/name>', 'of an environment: the one that is opened')
    .option('--current <project/name>', 'the environment that declares the login; absent: the opened one')
    .option(
      '--subject-attribute <attribute>',
      `part of an environment's subject, in order (${SUBJECT_ATTRIBUTES.join(', ')})`,
      gather,
    );

/** `undefined` where no flag says anything. `orElse`: what else one could say. */
export const readContext = (flags: ContextFlags, orElse = ''): TokenContext | undefined => {
  const { project, stack, operation, environment, current, subjectAttribute } = flags;
  const ofRun = project !== undefined || stack !== undefined || operation !== undefined;
  if (environment !== undefined) {
    if (ofRun) {
      throw unusable(
        'A token is for a run or for an environment, not for both.',
        'leave out --environment, or --project, --stack and --operation',
      );
    }
    const attributes = subjectAttribute && { subjectAttributes: subjectAttribute };
    return { environment: { root: environment, ...(current !== undefined && { current }), ...attributes } };
  }
  if (current !== undefined || subjectAttribute) {
    throw unusable('--current and --subject-attribute belong to an environment.', 'add --environment project/name');
  }
  if (project !== undefined && stack !== undefined && operation !== undefined)
    return { run: { project, stack, operation } };
  if (!ofRun) return undefined;
  throw nothingSaid(orElse);
};

export const nothingSaid = (orElse = '') =>
  unusable(
    'It is not said what the token would be for.',
    `give --project, --stack and --operation of a run, or --environment project/name${orElse}`,
  );

import type { Problems } from '../syntax/problems.ts';
import type { Place, SourceText } from '../syntax/source-text.ts';
import type { Plain, SourceRange } from '../values.ts';
import type { Complaint } from './check-schema.ts';
import type { Expr, Scope } from './expr.ts';
import type { EnvironmentIdentity } from './graph.ts';
import { type Budget, LimitReached } from './limits.ts';
import type { Merges } from './merges.ts';
import type { Schema } from './schema.ts';
import type { Value } from './value.ts';

/** What the evaluator knows of a provider. */
export interface ProviderSchema {
  readonly inputs: Schema;
  readonly outputs: Schema;
  /** Everything it gives is secret. */
  readonly secretOutputs?: boolean;
  /** What it gives replaces and is replaced as a whole: a login, whose parts belong together. */
  readonly scalarOutput?: boolean;
}

/** What came of a call: its output, plain or as a value whose secrets are marked, or a sentence that says what failed. */
export type ProviderOutcome = { readonly output: Plain | Value } | { readonly error: string };

/** A call of `fn::open` that is to be made. */
export interface PendingCall {
  /** The same in every evaluation of one graph. */
  readonly id: string;
  readonly provider: string;
  /** Checked against the provider's schema, everything known, secrets revealed. */
  readonly inputs: Plain;
  /** The same with its secrets marked. */
  readonly inputValue: Value;
  /** Who declares the call and what was opened, from the graph; `undefined`: a document without a name. */
  readonly environment: {
    readonly current: EnvironmentIdentity | undefined;
    readonly root: EnvironmentIdentity | undefined;
    /** The declaring document's key, as its loader gave it. */
    readonly key: string;
  };
  /** The expression that makes the call, for problems with it. */
  readonly path: string;
  readonly range: SourceRange;
  /** Where the inputs stand; for one of them see the origin of that member of `inputValue`. */
  readonly inputsRange: SourceRange;
}

export interface EvaluationOptions {
  /** `check` calls nothing, decrypts nothing and leaves what it cannot know unknown; `open` uses the `outputs`. */
  readonly mode: 'check' | 'open';
  /** What `${context}` holds besides `currentEnvironment` and `rootEnvironment`. */
  readonly context: ReadonlyMap<string, Plain>;
  /** Decrypt secrets when checking, too. */
  readonly showSecrets?: boolean;
  /** The plaintext of a secret of the document with this key; `undefined`: it cannot be decrypted. */
  readonly decrypt: (key: string, ciphertext: Uint8Array) => string | undefined;
  readonly providers: ReadonlyMap<string, ProviderSchema>;
  /** Outcomes of earlier pending calls, by their ids. */
  readonly outputs?: ReadonlyMap<string, ProviderOutcome>;
  /** Makes every call of every document pending, needed or not, as the reference does. */
  readonly eager?: boolean;
  /** The part of the result that is asked for; calls that it does not need are not pending. */
  readonly property?: readonly (string | number)[];
}

/** What all parts of one evaluation work with. */
export interface Run {
  readonly options: EvaluationOptions;
  readonly budget: Budget;
  readonly merges: Merges;
  readonly problems: Problems;
  /** Calls whose inputs are known, by their ids, in the order in which they were found. */
  readonly calls: Map<string, PendingCall>;
  /** Limits that have been reported: each is one problem, however often it is reached. */
  readonly limits: Set<string>;
  evaluate(x: Expr, scope: Scope): Value;
  /** The value of an import, evaluated now if need be; `undefined` after a problem. */
  importValue(scope: Scope, text: string, source: SourceText, at: Place): Value | undefined;
}

/** Reports what is wrong with a value, each where the wrong value was made. */
export const reportComplaints = (run: Run, complaints: readonly Complaint[]): void => {
  for (const { blame, summary } of complaints) run.problems.error(blame.origin.source, blame.origin.at, summary);
};

/** Reports a limit once; anything but a limit goes on. */
export const reportLimit = (run: Run, error: unknown, source: SourceText, at: Place): void => {
  if (!(error instanceof LimitReached)) throw error;
  if (run.limits.has(error.message)) return;
  run.limits.add(error.message);
  run.problems.error(source, at, error.message);
};

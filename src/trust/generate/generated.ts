import type { Admission } from './admission.ts';
import type { Audience, Context } from './contexts.ts';
import type { InputName, Inputs } from './inputs.ts';
import type { OrganizationFacts, TrustScope } from './scope.ts';

/** What a document can be written for: relying parties, and tools that install for one of them. */
export const GENERATED_FOR = [
  'aws',
  'azure',
  'google',
  'vault',
  'kubernetes',
  'terraform',
  'pulumi',
  'cloudformation',
  'bicep',
] as const;
export type GeneratedFor = (typeof GENERATED_FOR)[number];

/** Who will check tokens against the document. */
export const CHECKED_BY = ['aws', 'azure', 'google', 'vault', 'kubernetes'] as const;
export type CheckedBy = (typeof CHECKED_BY)[number];

export interface TrustRequest {
  readonly target: GeneratedFor;
  /** For terraform and pulumi: whose resources; absent: `aws`. */
  readonly cloud?: CheckedBy;
  readonly scope: TrustScope;
  readonly issuer: 'v1' | 'v2';
  /** Absent: the one that runs get by themselves for this relying party. */
  readonly audience?: string;
  /** What only the cloud's account knows, by the names of `INPUTS`. */
  readonly inputs: Inputs;
}

export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
  readonly format: 'json' | 'yaml' | 'hcl' | 'bicep';
}

export interface GeneratedTrust {
  readonly target: GeneratedFor;
  readonly checkedBy: CheckedBy;
  /** `stacks core/prod-* (update)`. */
  readonly scope: string;
  readonly issuer: string;
  readonly audience: string;
  readonly files: readonly GeneratedFile[];
  /** Commands for a POSIX shell in the folder of the files, in this order; nothing in them is to be edited. */
  readonly install: readonly string[];
  /** Shows that a run in scope gets in, before anything is installed. */
  readonly test: string;
  /** The one document that was proved; all files hold it or parts of it. */
  readonly document: string;
  /** Contexts that it was seen to admit. */
  readonly admits: readonly string[];
  /** How many contexts beyond the scope it was seen to refuse. */
  readonly refuses: number;
  /** What whoever installs it should know: sentences. */
  readonly warnings: readonly string[];
}

/** Why nothing was generated: a whole sentence, with the option that helps where there is one. */
export interface NotGenerated {
  readonly problem: string;
}

export const isNotGenerated = (answer: object): answer is NotGenerated => 'problem' in answer;

/** What every generator writes its documents of. */
export interface Assignment {
  readonly facts: OrganizationFacts;
  readonly scope: TrustScope;
  readonly signed: Audience;
  readonly issuer: string;
  readonly admission: Admission;
  readonly within: readonly Context[];
  /** `runpass-contoso-core-prod`: names what has no name yet. */
  readonly name: string;
  readonly input: (name: InputName) => string;
}

/** What a generator gives: the document as an object and what is written of it. */
export interface WrittenTrust {
  /** Proved as it is; the files are serialisations of the same object. */
  readonly document: unknown;
  readonly files: readonly GeneratedFile[];
  readonly install: readonly string[];
  readonly warnings?: readonly string[];
}

export type Generator = (assignment: Assignment) => WrittenTrust | NotGenerated;

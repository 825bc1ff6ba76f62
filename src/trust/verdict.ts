/**
 * What a relying party would be shown: a token as one of our issuers mints it, and what is asked for beside it.
 *
 * Everything that an evaluator knows of a run or an opened environment stands here, so that two evaluations of
 * equal contexts answer alike.
 */
export interface Presented {
  /** `iss`, as it stands in `claims`, too. */
  readonly issuer: string;
  /** All claims as minted: iss, sub, aud, iat, nbf, exp, jti and the custom ones. Times are whole seconds. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header: { readonly alg: string; readonly kid: string };
  /** What is asked for beside the token, as far as it is known. */
  readonly request?: {
    readonly roleArn?: string;
    readonly sessionName?: string;
    readonly durationSeconds?: number;
  };
}

/** One thing for which a relying party refuses what it is shown. */
export interface Reason {
  /** Stable, from the relying party's own table, and begins with its name: `aws_sub_mismatch`. */
  readonly code: string;
  /** Where in the document, literally: `Statement[0].Condition.StringEquals["id.example.com/oidc:sub"]`. */
  readonly condition: string;
  readonly wanted: string;
  /** Empty where the claim is absent. */
  readonly presented: string;
  /** The smallest edit that would admit it: one sentence with the exact text to write. */
  readonly edit: string;
  /**
   * Would the document with that edit, and those of the other reasons, let in what was presented and nobody else? False
   * where no edit of the document helps. See `isSafe`.
   */
  readonly safe: boolean;
}

/** What leaks, or will fail one day, in a document that may well admit what was presented. */
export interface Warning {
  /** Stable, from the relying party's own table: `aws_audience_prefix`. */
  readonly code: string;
  readonly condition: string;
  /** What is wrong, and what to write instead. */
  readonly text: string;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Empty when allowed. The first is the cause: they stand in the order in which the relying party checks. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
  /** What the document cannot say, and is assumed to admit: sentences. */
  readonly assumptions: readonly string[];
}

/** A text that cannot be evaluated at all; line and column count from 1. */
export interface Unusable {
  /** The end of a sentence that begins with the document's name. */
  readonly problem: string;
  readonly line: number;
  readonly column: number;
}

/** Was a document read, or is it unusable? */
export const isUnusable = (reading: object): reading is Unusable => 'problem' in reading;

/** What is known on our side, for warnings about names and issuers. No denial ever comes from it. */
export interface OurSide {
  readonly issuers: { readonly v1: string; readonly v2: string };
  /** First part of every subject, as the installation's settings name it: `pulumi`. */
  readonly subjectPrefix: string;
  readonly organization: string;
  /** Names that exist; a list that is absent is not known, and nothing is said about its names. */
  readonly known: {
    readonly projects?: readonly string[];
    /** As `project/stack`. */
    readonly stacks?: readonly string[];
    /** As `project/name`. */
    readonly environments?: readonly string[];
  };
}

/** A document that was read, whosever it is. */
export interface TrustDocument {
  /** Never throws; the same arguments give the same verdict. */
  readonly evaluate: (presented: Presented, ours: OurSide) => Verdict;
  /**
   * Only whether it is allowed, in a fraction of the time: for whoever asks of hundreds. `like`: what a document cannot
   * say, such as whose keys were uploaded, is assumed to be as this one needs it, who differs from it in one thing.
   */
  readonly admits: (presented: Presented, like?: Presented) => boolean;
}

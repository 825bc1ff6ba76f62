/** What kind of access token an exchange can give. Contract section 3.2. */
export const TOKEN_TYPES = ['organization', 'team', 'personal', 'runner'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

/**
 * How patterns are read. `strict`: `*` is any run of characters, `?` exactly one, all else itself.
 * `pulumi`: `*` any run, `?` none or one, `.` exactly one. Both are anchored and distinguish case.
 */
export const DIALECTS = ['strict', 'pulumi'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** `audit`: decides and records, grants nothing. */
export const POLICY_MODES = ['enforce', 'audit'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** One allow or deny, in the contract's own spelling. Contract section 3.2. */
export interface Definition {
  readonly decision: 'allow' | 'deny';
  readonly tokenType: TokenType;
  /** Team tokens: a pattern for the team's name. */
  readonly teamName?: string;
  /** Personal tokens: the login, exactly. */
  readonly userLogin?: string;
  /** Runner tokens: the pool, exactly. */
  readonly runnerID?: string;
  /** Organization tokens: a role of the organization's file, which the token gets. */
  readonly roleID?: string;
  /** Only `admin` means something: the organization token is an administrator. */
  readonly authorizedPermissions: readonly string[];
  /** Claim path to pattern; all of them must match. */
  readonly rules: Readonly<Record<string, string>>;
  /** Why something that the linter points at is meant so; for people. */
  readonly reason?: string;
}

/** All that one trusted issuer's tokens may be exchanged for. The order of the definitions means nothing. */
export interface PolicyDocument {
  readonly dialect: Dialect;
  readonly mode: PolicyMode;
  /** Empty: everything is denied. */
  readonly policies: readonly Definition[];
}

/** Claims of a verified token, as parsed: own properties only, no prototype to fall back to. */
export type Claims = Readonly<Record<string, unknown>>;

/** What the caller asks for: selects the definitions that are weighed. */
export interface PolicyQuestion {
  readonly tokenType: TokenType;
  /** Team, login or runner pool; absent for organization tokens. */
  readonly name?: string;
  /** Scope `admin`: only definitions that make an administrator may allow it. */
  readonly admin: boolean;
}

/** The first rule of a definition that a token did not meet. */
export interface RuleFailure {
  /** The claim path as it is written in the rule. */
  readonly claim: string;
  readonly expected: string;
  /** The claim as JSON text, cut to 256 characters; absent: the token has no such claim. */
  readonly presented?: string;
}

/** How one definition was weighed. */
export interface DefinitionTrace {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly decision: Definition['decision'];
  /** `unselected`: for another token type, name or scope. */
  readonly result: 'matched' | 'unmatched' | 'unselected';
  /** Set when unmatched. */
  readonly failure?: RuleFailure;
}

/** What the document says to one question and one token. Any matching deny wins; without a matching allow nothing is granted. */
export interface Verdict {
  readonly outcome: 'allowed' | 'denied' | 'unmatched';
  /** Positions of the matching definitions that decided: allows when allowed, denies when denied. */
  readonly decidedBy: readonly number[];
  /** Organization tokens that are allowed: what all matching allows together give. */
  readonly administrator: boolean;
  readonly roles: readonly string[];
  readonly trace: readonly DefinitionTrace[];
}

/** What the linter has to say about a definition, or (without `index`) about the document. */
export interface LintFinding {
  /** Stable. docs/policies.md lists them all. */
  readonly code: string;
  /** `refused`: the API takes no document with it. */
  readonly severity: 'refused' | 'warning';
  readonly index?: number;
  /** The claim path that it is about. */
  readonly claim?: string;
  readonly message: string;
  /** A rule, or a setting, to write instead. */
  readonly suggestion?: string;
  /** Set where a `reason` stands beside the definition: then it counts in files and in `trust lint` no more. */
  readonly reason?: string;
}

import type { DeclaredIssuer } from '../issuers/trusted-issuer.ts';

/** What a run may be asked to do. Contract section 1.3. */
export const OPERATIONS = ['update', 'preview', 'destroy', 'refresh', 'detect-drift', 'remediate-drift'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The forms that a run's subject may take, widest first. */
export type SubjectComponents =
  | readonly ['org']
  | readonly ['org', 'project']
  | readonly ['org', 'project', 'operation']
  | readonly ['org', 'project', 'stack']
  | readonly ['org', 'project', 'stack', 'operation'];

/** One line of a role: names with `*` (any run of characters) and `?` (exactly one), anchored at both ends. */
export interface Permission {
  readonly project: string;
  readonly stack: string;
  readonly operations: readonly Operation[];
}

/** What may be done with an environment; each level includes those before it. */
export const ENVIRONMENT_LEVELS = ['none', 'read', 'open', 'write', 'admin'] as const;
export type EnvironmentAccess = (typeof ENVIRONMENT_LEVELS)[number];

/** One line of a role about environments: names as in `Permission`. */
export interface EnvironmentPermission {
  readonly project: string;
  readonly environment: string;
  readonly access: EnvironmentAccess;
}

export interface Role {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly environments: readonly EnvironmentPermission[];
}

export interface User {
  readonly login: string;
  /** Immutable id; absent in the file: given by the store at first sight. */
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly administrator: boolean;
  readonly roles: readonly string[];
}

export interface Team {
  readonly name: string;
  readonly id?: string;
  readonly members: readonly string[];
  readonly roles: readonly string[];
}

/** A control plane that authenticates at `<v1 issuer>/token`. */
export interface Client {
  readonly id: string;
  readonly administrator: boolean;
  readonly roles: readonly string[];
  /** `secretHash`: `sha256:` and the base64url SHA-256 of the secret. `jwks`: public keys for `private_key_jwt`. */
  readonly authentication:
    | { readonly method: 'secret'; readonly secretHash: string }
    | {
        readonly method: 'private_key_jwt';
        readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
      };
}

/** Which subject the runs of matching stacks get; the first match counts, `[org, project, stack, operation]` + scope else. */
export interface SubjectRule {
  readonly project: string;
  readonly stack: string;
  readonly components: SubjectComponents;
}

/** One organization, as its file declares it: checked, complete, frozen. */
export interface Organization {
  readonly name: string;
  readonly id?: string;
  readonly users: readonly User[];
  readonly teams: readonly Team[];
  readonly roles: readonly Role[];
  /** What personal and team tokens may do with every environment, whatever their roles say. */
  readonly defaultEnvironmentAccess: EnvironmentAccess;
  readonly clients: readonly Client[];
  readonly subjects: readonly SubjectRule[];
  readonly trustedIssuers: readonly DeclaredIssuer[];
}

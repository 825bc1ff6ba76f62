import { hash } from 'node:crypto';
import { matchesName } from '../../access/names.ts';
import { Refusal } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { EpochSeconds } from '../../system.ts';
import type { GeneratedTrust } from '../generate/generated.ts';
import { scopeText, type TrustScope } from '../generate/scope.ts';

/** A trust document that was given out here: what it is for, never more of it than its hash. */
export interface RememberedTrust {
  /** One for each document and target: terraform and vault may carry the same document. */
  readonly id: string;
  readonly target: string;
  readonly scope: TrustScope;
  readonly issuer: string;
  readonly audience: string;
  /** SHA-256 of the document, hexadecimal. */
  readonly hash: string;
  readonly created: EpochSeconds;
  /** `<kind>:<name>` of whoever asked for it last. */
  readonly by: string;
}

/** What may go: a stack or an environment by its name. */
export interface TrustedName {
  readonly kind: 'stack' | 'environment';
  readonly project: string;
  readonly name: string;
}

/**
 * The trust documents that were generated for an organization: the newest thousand.
 *
 * Nobody tells us when one is taken out of a cloud, so they are remembered until somebody says so, or newer ones come.
 */
export interface RememberedTrusts {
  /** The same document again is the same entry, with its newest time. */
  remember(organizationId: string, trust: GeneratedTrust, scope: TrustScope, by: string): Promise<RememberedTrust>;
  /** Newest first. */
  list(organizationId: string): Promise<readonly RememberedTrust[]>;
  /** Those that admit this name. */
  naming(organizationId: string, name: TrustedName): Promise<readonly RememberedTrust[]>;
  /** False when there is none. */
  forget(organizationId: string, id: string): Promise<boolean>;
}

const MOST_REMEMBERED = 1000;
/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 20;

/** One document in the store for each organization: it is read whole, and changed rarely. */
export const openRememberedTrusts = (store: Store): RememberedTrusts => {
  const load = async (organizationId: string) => {
    const stored = await store.get(keyOf(organizationId));
    const all = stored ? (JSON.parse(stored.value) as readonly RememberedTrust[]) : [];
    return { all, version: stored?.version ?? 0 };
  };
  const change = async (
    organizationId: string,
    next: (all: readonly RememberedTrust[]) => readonly RememberedTrust[],
  ): Promise<boolean> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { all, version } = await load(organizationId);
      const changed = next(all);
      if (changed === all) return false;
      const text = JSON.stringify(changed.slice(0, MOST_REMEMBERED));
      if ((await store.replace(keyOf(organizationId), version, text)) !== 'conflict') return true;
    }
    throw new Refusal('conflict');
  };
  const list = async (organizationId: string) => (await load(organizationId)).all;

  return {
    list,
    async remember(organizationId, { target, issuer, audience, document }, scope, by) {
      const whole = hash('sha256', document, 'hex');
      const created = Math.floor((await store.time()) / 1000);
      const id = hash('sha256', `${target}\n${document}`, 'hex').slice(0, 32);
      const made = { id, target, scope, issuer, audience, hash: whole, created, by };
      await change(organizationId, (all) => [made, ...all.filter((other) => other.id !== id)]);
      return made;
    },
    async naming(organizationId, name) {
      return (await list(organizationId)).filter(({ scope }) => isAbout(scope, name));
    },
    forget: (organizationId, id) =>
      change(organizationId, (all) => (all.some((one) => one.id === id) ? all.filter((one) => one.id !== id) : all)),
  };
};

const isAbout = (scope: TrustScope, { kind, project, name }: TrustedName): boolean => {
  if (scope.kind === 'environment') {
    return kind === 'environment' && scope.project === project && scope.environment === name;
  }
  return kind === 'stack' && matchesName(scope.project, project) && matchesName(scope.stack, name);
};

/** `aws: stack core/prod (1f0c…)`: for whoever has to look for it. */
export const describeTrust = ({ target, scope, id }: RememberedTrust): string =>
  `${target}: ${scopeText(scope)} (${id.slice(0, 8)})`;

const keyOf = (organizationId: string): string => `trust-documents/${organizationId}`;

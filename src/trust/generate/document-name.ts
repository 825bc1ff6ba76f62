import { hash } from 'node:crypto';
import type { OrganizationFacts, TrustScope } from './scope.ts';

/** What every cloud takes in a name: Google's ids of providers are the shortest. */
const MOST = 32;
const DIGEST = 8;

/**
 * Names what has no name yet: `runpass-contoso-core-prod`, of a-z, 0-9 and `-`.
 *
 * No two scopes share a name, so that what is generated for one never takes the place of the other's: where letters had
 * to be left out, or the parts could be told apart in two ways, the name ends in a digest of them.
 */
export const documentName = ({ organization }: Pick<OrganizationFacts, 'organization'>, scope: TrustScope): string => {
  const rest = scope.kind === 'runs' ? [scope.project, scope.stack] : ['env', scope.project, scope.environment];
  const parts = ['runpass', organization, ...rest];
  const plain = parts.join('-');
  if (plain.length <= MOST && parts.every((part) => /^[a-z0-9]+$/.test(part))) return plain;
  const readable = parts
    .map((part) => part.replaceAll('*', 'all'))
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MOST - DIGEST - 1)
    .replace(/-+$/, '');
  return `${readable}-${hash('sha256', JSON.stringify(parts), 'hex').slice(0, DIGEST)}`;
};

import { hash } from 'node:crypto';
import type { TrustRequest } from './generated.ts';
import { everyOperation, type OrganizationFacts, operationsOf, type TrustScope } from './scope.ts';

/** What every cloud takes in a name: Google's ids of providers are the shortest. */
const MOST = 32;
const DIGEST = 8;

/**
 * Names what has no name yet: `runpass-contoso-core-prod-update`, of a-z, 0-9 and `-`.
 *
 * No two requests share a name, so that what is generated for one never takes the place of the other's: where letters
 * had to be left out, the parts could be told apart in two ways, or not all is in the name, it ends in a digest of them.
 */
export const documentName = (
  { organization }: Pick<OrganizationFacts, 'organization'>,
  { scope, issuer, audience }: Pick<TrustRequest, 'scope' | 'issuer' | 'audience'>,
): string => {
  const names = ['runpass', organization, ...namesOf(scope)];
  const operations = scope.kind === 'runs' && !everyOperation(scope) ? operationsOf(scope) : [];
  const attributes = scope.kind === 'environment' ? scope.attributes : [];
  const plain = [...names, ...operations].join('-');
  const isAll = issuer === 'v1' && audience === undefined && attributes.length === 0;
  const isClear =
    names.every((name) => /^[a-z0-9]+$/.test(name)) && !(scope.kind === 'runs' && scope.project === 'env');
  if (plain.length <= MOST && isAll && isClear) return plain;
  const readable = plain
    .replaceAll('*', 'all')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MOST - DIGEST - 1)
    .replace(/-+$/, '');
  const whole = JSON.stringify([scope.kind, names, operations, attributes, issuer, audience ?? '']);
  return `${readable}-${hash('sha256', whole, 'hex').slice(0, DIGEST)}`;
};

const namesOf = (scope: TrustScope): readonly string[] =>
  scope.kind === 'runs' ? [scope.project, scope.stack] : ['env', scope.project, scope.environment];

import type { OrganizationFacts, TrustScope } from '../../../src/trust/generate/scope.ts';
import { FACTS } from './facts.ts';

/** All that an audience of ours may hold and others give a meaning to. */
export const HOSTILE_AUDIENCE = '$$a,%b^|&;*?';

/** Names that are no names here, and all that HCL gives a meaning to: an installation's own words in a claim's name. */
export const HOSTILE_FACTS: OrganizationFacts = {
  ...FACTS,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as Terraform and Pulumi would replace it
  claimNamespace: 'https://x/${a}/$${b}/%{if c}/"\\\n\b\f\u2028ä*?#//',
};

const runs = (project: string, stack: string): TrustScope => ({ kind: 'runs', project, stack, operations: ['update'] });

export const SCOPES: readonly TrustScope[] = [
  runs('core', 'prod'),
  { ...runs('core', 'prod'), operations: [] } as TrustScope,
  runs('core', 'prod-*'),
  runs('*', '*'),
  { kind: 'environment', project: 'core', environment: 'aws', attributes: [] },
];

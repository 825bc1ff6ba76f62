import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTrust } from '../../src/trust/generate/generate.ts';
import { CHECKED_BY, type CheckedBy, type GeneratedTrust, isNotGenerated } from '../../src/trust/generate/generated.ts';
import type { OrganizationFacts } from '../../src/trust/generate/scope.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'relying-parties');

/** The organization of the pages. */
export const FACTS: OrganizationFacts = {
  issuers: { v1: 'https://id.example.com/oidc', v2: 'https://id.example.com/oidc/v2' },
  subjectPrefix: 'pulumi',
  claimNamespace: 'https://pulumi.com/',
  organization: 'acme',
  organizationId: '2f0d7b5e-6a39-4f4b-9d5e-1f6a6e1f3c11',
  subjects: [],
  algorithms: { v1: 'RS256', v2: 'RS256' },
  stacks: [
    {
      project: { id: 'b1b7c7a0-3f0b-4a53-8f0e-2f4b8d1a9c01', name: 'core' },
      id: '9a1d1c2e-55a7-4b8d-8a35-7f1e2c3d4e5f',
      name: 'dev',
    },
  ],
  environments: [],
  known: {},
};

const INPUTS = {
  awsAccount: '123456789012',
  awsRole: 'deploy',
  azureApp: '11111111-2222-3333-4444-555555555555',
  googleProject: 'acme-prod',
  googleProjectNumber: '123456789012',
  googleServiceAccount: 'deploy@acme-prod.iam.gserviceaccount.com',
  vaultPolicies: 'deploy',
  kubernetesRole: 'edit',
};

/** Whom the pages let in: updates of acme/core/dev, on v1. */
const PAGE_SCOPE = { kind: 'runs', project: 'core', stack: 'dev', operations: ['update'] } as const;

/** What `runpass trust generate` gives for the organization and scope of the pages. */
export const generatedFor = (target: CheckedBy): GeneratedTrust => {
  const generated = generateTrust({ target, scope: PAGE_SCOPE, issuer: 'v1', inputs: INPUTS }, FACTS);
  if (isNotGenerated(generated)) throw new Error(generated.problem);
  return generated;
};

/** One block of code, with the comment in the line before it. */
export interface Block {
  readonly marked: string;
  readonly language: string;
  readonly text: string;
}

export interface Page {
  readonly party: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

export const readPages = (): readonly Page[] =>
  readdirSync(FOLDER).map((name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const blocks = [...text.matchAll(/(?:^<!-- (.*) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm)].map(
      ([, marked = '', language = '', code = '']) => ({ marked, language, text: code }),
    );
    return { party: name.replace('.md', ''), text, blocks };
  });

export const isGeneratedFor = (party: string): party is CheckedBy => CHECKED_BY.some((known) => known === party);

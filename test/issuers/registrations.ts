import type { DeclaredIssuer, TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import { realRandom } from '../clock.ts';

/** A registration as the flow makes it: of its own, with a policy that denies everything. */
export const registration = (change: Partial<TrustedIssuer> = {}): TrustedIssuer => {
  const created = change.created ?? 1_767_225_600;
  return {
    id: realRandom.uuid(),
    organization: 'acme',
    name: 'GitHub',
    url: 'https://token.actions.githubusercontent.com',
    issuer: change.url ?? 'https://token.actions.githubusercontent.com',
    thumbprints: [],
    maxExpiration: 90_000,
    replay: 'allow',
    capToSubjectToken: false,
    maxTokenAge: 90_000,
    created,
    modified: created,
    declared: false,
    policy: {
      id: realRandom.uuid(),
      version: 1,
      created,
      modified: created,
      document: { dialect: 'strict', mode: 'enforce', policies: [] },
    },
    ...change,
  };
};

/** An issuer that a file declares. */
export const declaration = (change: Partial<DeclaredIssuer> = {}): DeclaredIssuer => ({
  name: 'GitLab',
  url: 'https://gitlab.com',
  issuer: 'https://gitlab.com',
  thumbprints: [],
  maxExpiration: 90_000,
  replay: 'allow',
  capToSubjectToken: false,
  maxTokenAge: 90_000,
  policy: { dialect: 'strict', mode: 'enforce', policies: [] },
  ...change,
});

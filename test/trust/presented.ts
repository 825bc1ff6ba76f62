import type { OPERATIONS } from '../../src/access/organization.ts';
import type { OurSide, Presented } from '../../src/trust/verdict.ts';

const V1 = 'https://id.example.com/oidc';
export const V2 = 'https://id.example.com/oidc/v2';

export const OURS: OurSide = {
  issuers: { v1: V1, v2: V2 },
  subjectPrefix: 'pulumi',
  organization: 'contoso',
  known: { projects: ['core', 'web'], stacks: ['core/dev', 'core/prod', 'web/dev'], environments: ['core/aws'] },
};

/** What a corpus case says of the run or environment, beside the default: an update of contoso/core/dev. */
export interface Case {
  readonly issuer?: string;
  readonly audience?: unknown;
  readonly operation?: (typeof OPERATIONS)[number];
  readonly project?: string;
  readonly stack?: string;
  readonly subject?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: string;
  readonly request?: Presented['request'];
}

/** A v1 token of a run, as `draftRunToken` and `mint` make it. */
export const presentedBy = (given: Case = {}): Presented => {
  const { operation = 'update', project = 'core', stack = 'dev', issuer = V1, request, alg = 'RS256' } = given;
  const full = `pulumi:deploy:org:contoso:project:${project}:stack:${stack}:operation:${operation}:scope:write`;
  return {
    issuer,
    header: { alg, kid: 'k1' },
    claims: {
      iss: issuer,
      sub: given.subject ?? full,
      aud: given.audience ?? 'contoso',
      iat: 1_800_000_000,
      nbf: 1_799_999_970,
      exp: 1_800_003_600,
      jti: 'j1',
      stackId: `contoso/${project}/${stack}`,
      operation,
      org: 'contoso',
      project,
      stack,
      deployment: '34',
      scope: 'write',
      ...given.claims,
    },
    ...(request && { request }),
  };
};

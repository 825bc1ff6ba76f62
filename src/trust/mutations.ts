import { OPERATIONS } from '../access/organization.ts';
import type { Presented } from './verdict.ts';

/** What was presented with one thing changed: somebody else who must not get in. */
export interface Mutation {
  /** What was changed: `organization`, `project`, `stack`, `operation`, `environment`, `audience`, `issuer` … */
  readonly field: string;
  readonly presented: Presented;
}

/** A component of our subjects: its label there, and the claims that say the same. */
interface Field {
  readonly field: string;
  readonly claims: readonly string[];
  /** Where `stackId` (`org/project/stack`) says it. */
  readonly inStackId?: number;
}

const FIELDS: Readonly<Record<string, Field>> = {
  org: { field: 'organization', claims: ['org', 'org_id'], inStackId: 0 },
  'pulumi.organization.login': { field: 'organization', claims: ['org', 'org_id'] },
  project: { field: 'project', claims: ['project', 'project_id'], inStackId: 1 },
  stack: { field: 'stack', claims: ['stack', 'stack_id'], inStackId: 2 },
  operation: { field: 'operation', claims: ['operation'] },
  env: { field: 'environment', claims: ['root_env', 'current_env_id'] },
  'rootEnvironment.name': { field: 'environment', claims: ['root_env'] },
  'currentEnvironment.name': { field: 'environment', claims: ['current_env'] },
  'pulumi.user.login': { field: 'user', claims: ['trigger_user'] },
  'pulumi.token.type': { field: 'token type', claims: [] },
  'pulumi.token.team': { field: 'team', claims: [] },
};

/** Parts that say what follows, and never who. */
const KINDS: readonly string[] = ['deploy', 'environments', 'scope', 'write'];

/** Stands for an id of something else. */
export const OTHER_ID = '00000000-0000-4000-8000-00000000e711';

/**
 * Everybody who differs from what was presented in one field: another organization, project, stack, operation or
 * environment, a sibling whose name begins alike, one made again under another id, another audience, another issuer.
 *
 * Only what the subject shows is changed, there and in the claims that say the same: what an organization leaves out
 * of its subjects, it does not tell apart. A subject that is none of ours is changed part by part.
 */
export const mutations = (presented: Presented): readonly Mutation[] => {
  const { issuer, claims } = presented;
  const changed = (field: string, change: Readonly<Record<string, unknown>>, from = issuer): Mutation => ({
    field,
    presented: { ...presented, issuer: from, claims: { ...claims, ...change } },
  });
  const audiences = typeof claims['aud'] === 'string' ? [`${claims['aud']}-evil`, `evil-${claims['aud']}`, 'evil'] : [];
  const issuers = [`${issuer}-evil`, 'https://evil.example/oidc'];
  return [
    ...(typeof claims['sub'] === 'string' ? ofSubject(presented, claims['sub']) : []),
    ...audiences.map((aud) => changed('audience', { aud })),
    ...issuers.map((iss) => changed('issuer', { iss }, iss)),
  ];
};

const ofSubject = (presented: Presented, subject: string): readonly Mutation[] => {
  const parts = subject.split(':');
  const found: Mutation[] = [];
  for (let at = 1; at < parts.length; at++) {
    const label = parts[at] ?? '';
    const known = Object.hasOwn(FIELDS, label) && at + 1 < parts.length ? FIELDS[label] : undefined;
    if (known) at += 1;
    else if (KINDS.includes(label)) continue;
    const field = known ?? { field: 'subject', claims: [] };
    const value = parts[at] ?? '';
    for (const other of others(field.field, value)) {
      const claims = { ...inClaims(presented.claims, field, value, other), sub: parts.with(at, other).join(':') };
      found.push({ field: field.field, presented: { ...presented, claims } });
    }
  }
  return found;
};

const isId = (value: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);

const others = (field: string, value: string): readonly string[] => {
  if (field === 'operation') return [...OPERATIONS.filter((operation) => operation !== value), `${value}-evil`];
  if (isId(value)) return [OTHER_ID];
  const names = value.split('/');
  return names.flatMap((name, at) =>
    [`${name}-evil`, `evil-${name}`, 'evil'].map((other) => names.with(at, other).join('/')),
  );
};

/** The claims that say the same as the subject, with the other value; under whatever namespace they stand. */
const inClaims = (
  claims: Presented['claims'],
  { claims: names, inStackId }: Field,
  value: string,
  other: string,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, said]) => {
      const last = name.slice(name.lastIndexOf('/') + 1);
      if (names.includes(last) && said === value) return [name, other];
      if (inStackId === undefined || last !== 'stackId' || typeof said !== 'string') return [name, said];
      return [name, said.split('/').with(inStackId, other).join('/')];
    }),
  );

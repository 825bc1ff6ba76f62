import { type NameKind, problemWithName } from '../access/names.ts';
import { Refusal } from '../errors.ts';
import type { Identified } from '../runs/run.ts';
import type { ENVIRONMENT_CLAIMS, NAMESPACED_CLAIMS, SNOWFLAKE_CLAIMS } from './claims.ts';
import { type Draft, makeDraft } from './draft.ts';
import { inNamespace } from './run.ts';
import { buildSubject, type EnvironmentName, environmentPath, type SubjectAttribute } from './subject.ts';

/** An environment as it stands in a token: by name, and by the id behind the name where the issuer wants it. */
export interface OpenedEnvironment extends EnvironmentName {
  readonly id: string;
  /** Version that was asked for; never part of a subject. */
  readonly revision?: string;
}

/** Everything that the claims of an opened environment are made of. */
export interface Opening {
  readonly organization: Identified;
  /** The environment that was opened. */
  readonly root: OpenedEnvironment;
  /** The environment whose definition asks for the token. */
  readonly current: OpenedEnvironment;
  /** Login of the opener; for team and organization tokens the organization's name. */
  readonly user: string;
  readonly token: { readonly type: 'personal' | 'team' | 'organization'; readonly team: string };
}

/** Which user of a Snowflake account the bearer becomes, and in which role: as an author writes it. */
export interface SnowflakeSession {
  readonly user: string;
  /** Absent: any role of that user, where the account allows that. */
  readonly role?: string;
}

/** What a v1 token says of an opened environment. Contract sections 2.1 to 2.4; for Snowflake 2.5. */
export const draftEnvironmentToken = (
  prefix: string,
  opening: Opening,
  attributes: readonly SubjectAttribute[],
  audience: string,
  snowflake?: SnowflakeSession,
): Draft => {
  checkNames(opening);
  const { organization, root, current } = opening;
  const claims: Partial<Record<(typeof ENVIRONMENT_CLAIMS)[number], string>> = {
    org: organization.name,
    current_env: environmentPath(current),
    root_env: environmentPath(root),
    trigger_user: opening.user,
    ...(current.revision !== undefined && { current_env_revision: current.revision }),
    ...(root.revision !== undefined && { root_env_revision: root.revision }),
  };
  const org = organization.name;
  const subject =
    attributes.length === 0
      ? buildSubject(prefix, { form: 'environment', org, environment: root })
      : buildSubject(prefix, { form: 'environment-attributes', org, attributes: subjectValues(opening, attributes) });
  return makeDraft(subject, audience, snowflake ? { ...claims, ...snowflakeClaims(snowflake) } : claims);
};

/** What a v2 token says of an opened environment: the subject is the declaring one, by id. Contract section 2.7. */
export const draftEnvironmentTokenWithIds = (
  prefix: string,
  namespace: string,
  opening: Opening,
  audience: string,
): Draft => {
  checkNames(opening);
  const { organization, root, current } = opening;
  const claims: Partial<Record<(typeof NAMESPACED_CLAIMS)[number], string>> = {
    org: organization.name,
    org_id: organization.id,
    current_env: `${current.project}/${current.name}`,
    current_env_id: current.id,
    root_env: `${root.project}/${root.name}`,
    root_env_id: root.id,
    actor: opening.user,
  };
  const subject = buildSubject(prefix, {
    form: 'environment-ids',
    orgId: organization.id,
    environmentId: current.id,
  });
  return makeDraft(subject, audience, inNamespace(namespace, claims));
};

/**
 * A subject can be read in one way only because no name holds a separator. Names are checked where they are given;
 * one that is not a name here is a mistake of ours, and nothing is drafted with it.
 */
const checkNames = ({ organization, root, current, user, token }: Opening): void => {
  const names: readonly (readonly [NameKind, string])[] = [
    ['organization', organization.name],
    ['project', root.project],
    ['environment', root.name],
    ['project', current.project],
    ['environment', current.name],
    ['user', user],
    ...(token.team === '' ? [] : [['team', token.team] as const]),
  ];
  const wrong = names.find(([kind, name]) => problemWithName(kind, name) !== undefined);
  if (wrong) throw new Error(`the ${wrong[0]} of an environment's token has a name that cannot be`);
};

/** No separator of scopes, no quote, nothing invisible: a role cannot bring a second one along. */
const SNOWFLAKE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@$+-]{0,254}$/;

/** Why this cannot name a user or role in a token for Snowflake, as the end of a sentence; `undefined` when it can. */
export const problemWithSnowflakeName = (name: string): string | undefined =>
  SNOWFLAKE_NAME.test(name) ? undefined : 'must be 1 to 255 of A-Z, a-z, 0-9, "_", ".", "@", "$", "+" and "-"';

/** Snowflake, "External OAuth: scopes". */
const snowflakeClaims = ({ user, role }: SnowflakeSession): Record<(typeof SNOWFLAKE_CLAIMS)[number], string> => {
  for (const name of role === undefined ? [user] : [user, role]) {
    const problem = problemWithSnowflakeName(name);
    if (problem) throw new Refusal('invalid_request', { problem: `a Snowflake user or role ${problem}` });
  }
  return { snowflake_user: user, scp: role === undefined ? 'session:role-any' : `session:role:${role}` };
};

/** The listed attributes with their values, in the order in which the author listed them. */
const subjectValues = (opening: Opening, attributes: readonly SubjectAttribute[]) => {
  const repeated = attributes.find((attribute, at) => attributes.indexOf(attribute) !== at);
  if (repeated) throw new Refusal('invalid_request', { problem: `subjectAttributes: "${repeated}" is listed twice` });
  return attributes.map((attribute) => {
    const value = attributeValue(opening, attribute);
    if (value === '') {
      throw new Refusal('invalid_request', {
        problem: `subjectAttributes: "${attribute}" has no value here, and a subject with an empty part is never minted`,
      });
    }
    return { attribute, value };
  });
};

const attributeValue = (opening: Opening, attribute: SubjectAttribute): string => {
  switch (attribute) {
    case 'pulumi.user.login':
      return opening.user;
    case 'pulumi.organization.login':
      return opening.organization.name;
    case 'pulumi.token.type':
      return opening.token.type;
    case 'pulumi.token.team':
      return opening.token.team;
    case 'currentEnvironment.name':
      return environmentPath(opening.current);
    case 'rootEnvironment.name':
      return environmentPath(opening.root);
  }
};

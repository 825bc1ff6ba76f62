import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { Finding } from '../documents.ts';
import { findDeclaredProblems } from '../issuers/declared-rules.ts';
import { nearest } from '../nearest.ts';
import type { ClientInFile, OrganizationFile } from './file.ts';
import { problemWithName } from './names.ts';

/** Everything that is wrong inside one organization's file although its shape is right. */
export const findOrganizationProblems = (file: OrganizationFile): readonly Finding[] => {
  const { users = [], teams = [], roles = [], clients = [], trustedIssuers = [] } = file;
  const logins = new Set(users.map((user) => user.login));
  const roleNames = new Set(roles.map((role) => role.name));
  const unknownRoles = (section: string, entries: readonly { readonly roles?: readonly string[] }[]) =>
    entries.flatMap((entry, index) =>
      unknown(entry.roles ?? [], roleNames, [section, index, 'roles'], 'role', 'declare it under "roles"'),
    );
  return [
    ...badNames(
      'user',
      users.map((user) => user.login),
      'users',
      'login',
    ),
    ...badNames(
      'team',
      teams.map((team) => team.name),
      'teams',
      'name',
    ),
    ...badNames(
      'team',
      roles.map((role) => role.name),
      'roles',
      'name',
    ),
    ...repeated(
      users.map((user) => user.login),
      'users',
      'login',
      'login',
    ),
    ...repeated(
      teams.map((team) => team.name),
      'teams',
      'name',
      'team',
    ),
    ...repeated(
      roles.map((role) => role.name),
      'roles',
      'name',
      'role',
    ),
    ...roles.flatMap(({ allow, environments }, index) => {
      if (allow !== undefined || environments !== undefined) return [];
      const suggestion = 'write "allow", "environments" or both';
      return [{ at: ['roles', index], problem: 'says nothing of what its holders may do', suggestion }];
    }),
    ...unknownRoles('users', users),
    ...unknownRoles('teams', teams),
    ...unknownRoles('clients', clients),
    ...teams.flatMap((team, index) =>
      unknown(team.members ?? [], logins, ['teams', index, 'members'], 'user', 'declare it under "users"'),
    ),
    ...clients.flatMap((client, index) => clientProblems(client, ['clients', index])),
    ...findDeclaredProblems(trustedIssuers, roleNames).map((found) => ({
      ...found,
      at: ['trustedIssuers', ...found.at],
    })),
  ];
};

type At = Finding['at'];

/** The shape has checked the characters; what remains are the names that mean something else. */
const badNames = (
  kind: 'user' | 'team',
  names: readonly string[],
  section: string,
  field: string,
): readonly Finding[] =>
  names.flatMap((name, index) => {
    const problem = problemWithName(kind, name);
    return problem === undefined ? [] : [{ at: [section, index, field], problem, suggestion: 'write another name' }];
  });

const repeated = (names: readonly string[], section: string, field: string, what: string): readonly Finding[] => {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const problem = `declares the ${what} "${name}" again`;
    return [{ at: [section, index, field], problem, suggestion: 'leave one of them out' }];
  });
};

const unknown = (names: readonly string[], known: ReadonlySet<string>, at: At, what: string, otherwise: string) =>
  names.flatMap((name, index) => {
    if (known.has(name)) return [];
    const near = nearest(name, known);
    const suggestion = near === undefined ? otherwise : `write "${near}", or ${otherwise}`;
    return [{ at: [...at, index], problem: `names the ${what} "${name}", which is not in this file`, suggestion }];
  });

const clientProblems = ({ secretHash, jwks }: ClientInFile, at: At): readonly Finding[] => {
  if ((secretHash === undefined) === (jwks === undefined)) {
    const problem = secretHash === undefined ? 'has no way to authenticate' : 'has two ways to authenticate';
    return [{ at, problem, suggestion: 'write either "secretHash" or "jwks"' }];
  }
  return (jwks?.keys ?? []).flatMap((key, index) => keyProblems(key, [...at, 'jwks', 'keys', index]));
};

/** Members that only private and symmetric keys have. RFC 7518, sections 6.2.2, 6.3.2 and 6.4. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const LEAST_RSA_BITS = 2048;

const keyProblems = (key: Readonly<Record<string, unknown>>, at: At): readonly Finding[] => {
  const secret = PRIVATE_MEMBERS.filter((member) => Object.hasOwn(key, member));
  if (secret.length > 0) {
    const problem = `holds private parts of the key (${secret.join(', ')})`;
    return [{ at, problem, suggestion: 'write the public key only, and replace this key: it is no longer secret' }];
  }
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength;
    if (bits === undefined || bits >= LEAST_RSA_BITS) return [];
    return [{ at, problem: `has only ${bits} bits`, suggestion: `write a key of at least ${LEAST_RSA_BITS} bits` }];
  } catch {
    return [
      { at, problem: 'is not a public key', suggestion: 'write a JWK of type RSA, EC or OKP with all its members' },
    ];
  }
};

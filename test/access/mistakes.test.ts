import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HASH, ID, jwk, problemsOf } from './folder.ts';

const roles = 'roles: [{name: deployer, allow: []}]';

const MISTAKES: readonly (readonly [string, string, string])[] = [
  [
    'another name than the file',
    'name: acem',
    '1:7: name: is "acem", and the file is acme.yaml; write "acme", or rename the file to acem.yaml',
  ],
  ['no name', 'users: []', '1:1: has no "name"; add "name:" with'],
  [
    'a bad login',
    'name: acme\nusers: [{login: "a:b"}]',
    '2:17: users[0].login: is the text "a:b"; write 1 to 100 characters',
  ],
  ['a login that is a path', 'name: acme\nusers: [{login: ".."}]', '2:17: users[0].login: must not be "." or ".."'],
  ['a team that is a path', 'name: acme\nteams: [{name: "."}]', '2:16: teams[0].name: must not be "." or ".."'],
  [
    'a role that is a path',
    'name: acme\nroles: [{name: ".", allow: []}]',
    '2:16: roles[0].name: must not be "." or ".."',
  ],
  ['a bad id', 'name: acme\nid: x', '2:5: id: is the text "x"; write a UUID in lower case'],
  ['an unknown key', 'name: acme\nusrs: []', '2:1: usrs: is not a known key; write "users"'],
  [
    'an unknown kind of user',
    'name: acme\nusers: [{login: a, role: admin}]',
    '2:26: users[0].role: is the text "admin"; write one of administrator, member',
  ],
  [
    'an unknown role of a user',
    `name: acme\n${roles}\nusers: [{login: a, roles: [deploier]}]`,
    '3:28: users[0].roles[0]: names the role "deploier", which is not in this file; write "deployer", or declare it under "roles"',
  ],
  [
    'an unknown role of a team',
    `name: acme\n${roles}\nteams: [{name: a, roles: [x]}]`,
    '3:27: teams[0].roles[0]: names the role "x", which is not in this file; declare it under "roles"',
  ],
  [
    'an unknown role of a client',
    `name: acme\nclients: [{id: a, secretHash: "${HASH}", roles: [x]}]`,
    '2:93: clients[0].roles[0]: names the role "x"',
  ],
  [
    'an unknown member',
    'name: acme\nteams: [{name: a, members: [bob]}]',
    '2:29: teams[0].members[0]: names the user "bob", which is not in this file; declare it under "users"',
  ],
  [
    'a user twice',
    'name: acme\nusers: [{login: a}, {login: a}]',
    '2:29: users[1].login: declares the login "a" again; leave one of them out',
  ],
  ['a team twice', 'name: acme\nteams: [{name: a}, {name: a}]', '2:27: teams[1].name: declares the team "a" again'],
  [
    'a role twice',
    'name: acme\nroles: [{name: a, allow: []}, {name: a, allow: []}]',
    '2:38: roles[1].name: declares the role "a" again',
  ],
  [
    'a client twice',
    `name: acme\nclients: [{id: a, secretHash: "${HASH}"}, {id: a, secretHash: "${HASH}"}]`,
    '2:91: clients[1].id: is "a", which a client of organization acme has already',
  ],
  [
    'a login that is the organization',
    'name: acme\nusers: [{login: acme}]',
    '2:17: users[0].login: is "acme", which is the name of an organization; write another login',
  ],
  [
    'a login that is the organization in other letters',
    'name: acme\nusers: [{login: Acme}]',
    '2:17: users[0].login: is "Acme", which is the name of an organization',
  ],
  [
    'an id of two users',
    `name: acme\nusers: [{login: a, id: ${ID}}, {login: b, id: ${ID}}]`,
    '2:78: users[1].id: is the id of user a, too; give each an id of its own',
  ],
  [
    'an id of user and organization',
    `name: acme\nid: ${ID}\nusers: [{login: a, id: ${ID}}]`,
    '3:24: users[0].id: is the id of organization acme, too',
  ],
  [
    'an id of user and team',
    `name: acme\nteams: [{name: t, id: ${ID}}]\nusers: [{login: a, id: ${ID}}]`,
    '3:24: users[0].id: is the id of team acme/t, too',
  ],
  [
    'a pattern with a separator',
    'name: acme\nroles: [{name: a, allow: [{project: "a:*", stack: x, operations: all}]}]',
    '2:37: roles[0].allow[0].project: is the text "a:*"; write 1 to 100 characters of a name, "*" and "?"',
  ],
  [
    'a pattern that is too long',
    `name: acme\nsubjects: [{stack: ${'x'.repeat(101)}, components: [org]}]`,
    '2:20: subjects[0].stack: is the text "xxx',
  ],
  [
    'an unknown operation',
    'name: acme\nroles: [{name: a, allow: [{project: x, stack: x, operations: [updaet]}]}]',
    '2:63: roles[0].allow[0].operations[0]: is the text "updaet"; write "update"',
  ],
  [
    'another word than all',
    'name: acme\nroles: [{name: a, allow: [{project: x, stack: x, operations: any}]}]',
    '2:62: roles[0].allow[0].operations: is the text "any"; write all, or a list of update',
  ],
  [
    'no operations',
    'name: acme\nroles: [{name: a, allow: [{project: x, stack: x, operations: []}]}]',
    '2:62: roles[0].allow[0].operations: is a list; write all, or a list of update',
  ],
  [
    'a role that says nothing',
    'name: acme\nroles: [{name: a}]',
    '2:9: roles[0]: says nothing of what its holders may do; write "allow", "environments" or both',
  ],
  [
    'an unknown access to environments',
    'name: acme\nroles: [{name: a, environments: [{project: x, environment: x, access: wrte}]}]',
    '2:71: roles[0].environments[0].access: is the text "wrte"; write "write"',
  ],
  [
    'a role that takes access away',
    'name: acme\nroles: [{name: a, environments: [{project: x, environment: x, access: none}]}]',
    '2:71: roles[0].environments[0].access: is the text "none"; write one of read, open, write, admin',
  ],
  [
    'a pattern for environments with a separator',
    'name: acme\nroles: [{name: a, environments: [{project: x, environment: "x/y", access: read}]}]',
    '2:60: roles[0].environments[0].environment: is the text "x/y"; write 1 to 100 characters of a name',
  ],
  [
    'an unknown default access',
    'name: acme\nenvironments: {defaultAccess: all}',
    '2:31: environments.defaultAccess: is the text "all"; write one of none, read, open, write, admin',
  ],
  [
    'a client without authentication',
    'name: acme\nclients: [{id: a}]',
    '2:11: clients[0]: has no way to authenticate; write either "secretHash" or "jwks"',
  ],
  [
    'a client with two',
    `name: acme\nclients: [{id: a, secretHash: "${HASH}", jwks: {keys: [{kty: RSA}]}}]`,
    '2:11: clients[0]: has two ways to authenticate',
  ],
  [
    'a private key',
    'name: acme\nclients: [{id: a, jwks: {keys: [{kty: RSA, d: x}]}}]',
    '2:33: clients[0].jwks.keys[0]: holds private parts of the key (d); write the public key only, and replace this key',
  ],
  [
    'a symmetric key',
    'name: acme\nclients: [{id: a, jwks: {keys: [{kty: oct, k: x}]}}]',
    '2:39: clients[0].jwks.keys[0].kty: is the text "oct"; write one of RSA, EC, OKP',
  ],
  [
    'a key that is none',
    'name: acme\nclients: [{id: a, jwks: {keys: [{kty: RSA, n: x}]}}]',
    '2:33: clients[0].jwks.keys[0]: is not a public key',
  ],
  [
    'a weak key',
    `name: acme\nclients: [{id: a, jwks: {keys: [${jwk(1024)}]}}]`,
    '2:33: clients[0].jwks.keys[0]: has only 1024 bits; write a key of at least 2048 bits',
  ],
];

for (const [name, document, expected] of MISTAKES) {
  test(`${name} is refused with its place and what to write instead`, async () => {
    const problems = await problemsOf({ 'acme.yaml': document });
    assert.equal(problems.slice(0, expected.length + 10), `acme.yaml:${expected}`);
    assert.equal(problems.split('\n').length, 1, problems);
  });
}

test('a secret in the place of its hash is refused and not quoted', async () => {
  const problems = await problemsOf({ 'acme.yaml': 'name: acme\nclients: [{id: a, secretHash: hunter2}]' });
  assert.match(
    problems,
    /^acme\.yaml:2:31: clients\[0\]\.secretHash: is something else; write sha256: and 43 characters/,
  );
  assert.doesNotMatch(problems, /hunter2/);
});

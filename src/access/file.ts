import { TRUSTED_ISSUERS_SCHEMA, type TrustedIssuerInFile } from '../issuers/file.ts';
import { choice, type JsonSchema, list, mapping, text } from '../json-schema.ts';
import {
  ENVIRONMENT_LEVELS,
  type EnvironmentAccess,
  type EnvironmentPermission,
  OPERATIONS,
  type Operation,
  type SubjectComponents,
} from './organization.ts';

/** An organization's file as it is written. */
export interface OrganizationFile {
  readonly name: string;
  readonly id?: string;
  readonly users?: readonly UserInFile[];
  readonly teams?: readonly TeamInFile[];
  readonly roles?: readonly RoleInFile[];
  readonly environments?: { readonly defaultAccess?: EnvironmentAccess };
  readonly clients?: readonly ClientInFile[];
  readonly subjects?: readonly SubjectInFile[];
  readonly trustedIssuers?: readonly TrustedIssuerInFile[];
}

export interface UserInFile {
  readonly login: string;
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly role?: 'administrator' | 'member';
  readonly roles?: readonly string[];
}

export interface TeamInFile {
  readonly name: string;
  readonly id?: string;
  readonly members?: readonly string[];
  readonly roles?: readonly string[];
}

export interface RoleInFile {
  readonly name: string;
  readonly allow?: readonly {
    readonly project: string;
    readonly stack: string;
    readonly operations: 'all' | readonly Operation[];
  }[];
  readonly environments?: readonly EnvironmentPermission[];
}

export interface ClientInFile {
  readonly id: string;
  readonly secretHash?: string;
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly role?: 'administrator' | 'member';
  readonly roles?: readonly string[];
}

export interface SubjectInFile {
  readonly project?: string;
  readonly stack?: string;
  readonly components: SubjectComponents;
}

/** Every form that a run's subject may take; see `SubjectComponents`. */
const SUBJECT_COMPONENTS: readonly SubjectComponents[] = [
  ['org'],
  ['org', 'project'],
  ['org', 'project', 'operation'],
  ['org', 'project', 'stack'],
  ['org', 'project', 'stack', 'operation'],
];

const NAME_RULE = '1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"';

const name = (description: string): JsonSchema =>
  text(description, { title: NAME_RULE, maxLength: 100, pattern: '^[A-Za-z0-9._-]+$' });

const pattern = (what: string, extra: { readonly default?: string } = {}): JsonSchema =>
  text(`Pattern for the ${what}: \`*\` is any run of characters, \`?\` exactly one.`, {
    title: '1 to 100 characters of a name, "*" and "?" (in quotes)',
    maxLength: 100,
    pattern: '^[A-Za-z0-9._*?-]+$',
    ...extra,
  });

const id = (whose: string): JsonSchema =>
  text(`Immutable id of the ${whose}, so that it outlives a lost store. Without it the store gives one.`, {
    title: 'a UUID in lower case',
    pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  });

const roles = (whose: string): JsonSchema =>
  list(name('A role of this file.'), 100, `Names of roles of the ${whose}.`, { default: [] });

const role = choice(['administrator', 'member'], 'An administrator may do everything in the organization.', {
  default: 'member',
});

/** An organization's file in JSON Schema: written to `config/schema/` for editors, and what `loadOrganizations` checks. */
export const ORGANIZATION_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'An organization of Runpass',
  ...mapping(
    'One organization: who belongs to it, and who may do what.',
    {
      name: text("The organization's name, the same as the file's.", {
        title: '3 to 40 characters of a-z, 0-9, "_" and "-", starting and ending with a letter or digit',
        pattern: '^[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]$',
      }),
      id: id('organization'),
      users: list(
        mapping(
          'A person.',
          {
            login: name('Login name. The same login in two organizations is the same person.'),
            id: id('user'),
            name: text('Name for people to read.', { maxLength: 200 }),
            email: text('Address, for people to read.', { maxLength: 254 }),
            role,
            roles: roles('user'),
          },
          ['login'],
        ),
        10_000,
        'The people.',
        { default: [] },
      ),
      teams: list(
        mapping(
          'A team: its members have its roles.',
          {
            name: name('Name of the team.'),
            id: id('team'),
            members: list(name('A login.'), 10_000, 'Logins of the members.', { default: [] }),
            roles: roles('team'),
          },
          ['name'],
        ),
        1000,
        'The teams.',
        { default: [] },
      ),
      roles: list(
        mapping(
          'A role: what its holders may run, and what they may do with environments. It has `allow`, `environments` or both.',
          {
            name: name('Name of the role.'),
            allow: list(
              mapping(
                'One permission.',
                {
                  project: pattern('project'),
                  stack: pattern('stack'),
                  operations: {
                    title: `all, or a list of ${OPERATIONS.join(', ')}`,
                    description: `\`all\`, or a list of ${OPERATIONS.map((operation) => `\`${operation}\``).join(', ')}.`,
                    anyOf: [
                      { const: 'all' },
                      {
                        ...list({ enum: OPERATIONS }, OPERATIONS.length, 'Operations.', { minItems: 1 }),
                        uniqueItems: true,
                      },
                    ],
                  },
                },
                ['project', 'stack', 'operations'],
              ),
              1000,
              'What the role allows to run. Nobody but administrators may run what no role allows.',
              { default: [] },
            ),
            environments: list(
              mapping(
                'Access to some environments.',
                {
                  project: pattern('project'),
                  environment: pattern('environment'),
                  access: choice(
                    ENVIRONMENT_LEVELS.filter((level) => level !== 'none'),
                    'The most that may be done with them; each level includes those before it.',
                  ),
                },
                ['project', 'environment', 'access'],
              ),
              1000,
              'What the role allows with environments; the highest level that matches counts.',
              { default: [] },
            ),
          },
          ['name'],
        ),
        1000,
        'The roles.',
        { default: [] },
      ),
      environments: mapping('Environments, whatever the roles say.', {
        defaultAccess: choice(
          ENVIRONMENT_LEVELS,
          'What personal and team tokens may do with every environment of the organization.',
          { default: 'none' },
        ),
      }),
      clients: list(
        mapping(
          'A control plane that authenticates at `<v1 issuer>/token`.',
          {
            id: name('Its `client_id`; there is no other like it in the installation.'),
            secretHash: text('`sha256:` and the base64url SHA-256 of its secret. This or `jwks`.', {
              title: 'sha256: and 43 characters of base64url, never the secret itself',
              pattern: '^sha256:[A-Za-z0-9_-]{43}$',
              writeOnly: true,
            }),
            jwks: mapping(
              'Its public keys, for `private_key_jwt`. This or `secretHash`.',
              {
                keys: list(
                  {
                    type: 'object',
                    description: 'A public key as a JWK (RFC 7517).',
                    title: 'a public key as a JWK',
                    required: ['kty'],
                    properties: { kty: choice(['RSA', 'EC', 'OKP'], 'Type of the key.') },
                  },
                  20,
                  'The keys.',
                  { minItems: 1 },
                ),
              },
              ['keys'],
            ),
            role,
            roles: roles('client'),
          },
          ['id'],
        ),
        1000,
        'The control planes.',
        { default: [] },
      ),
      subjects: list(
        mapping(
          'A shorter subject for the runs of some stacks.',
          {
            project: pattern('project', { default: '*' }),
            stack: pattern('stack', { default: '*' }),
            components: choice(SUBJECT_COMPONENTS, 'Parts of the subject, in this order.'),
          },
          ['components'],
        ),
        1000,
        'Which runs get a shortened subject; the first match counts, and without one the full form.',
        { default: [] },
      ),
      trustedIssuers: TRUSTED_ISSUERS_SCHEMA,
    },
    ['name'],
  ),
};

import { choice, type JsonSchema, list, mapping, text } from '../json-schema.ts';
import { MATCH_LIMITS } from './match.ts';
import { type Definition, TOKEN_TYPES, type TokenType } from './policy.ts';

/** A definition as it is written, in a file or in a request. */
export interface DefinitionInFile {
  readonly decision: 'allow' | 'deny';
  readonly tokenType: TokenType;
  readonly teamName?: string;
  readonly userLogin?: string;
  readonly runnerID?: string;
  readonly roleID?: string;
  readonly authorizedPermissions?: readonly string[];
  readonly rules?: Readonly<Record<string, string>>;
  readonly reason?: string;
}

/** Most definitions of a document, and most rules of a definition. */
export const POLICY_LIMITS = { definitions: 100, rules: 50 } as const;

const name = (description: string): JsonSchema => text(description, { maxLength: 100 });

/**
 * The definitions of a policy document in JSON Schema: for files and for requests. Contract section 3.2.
 *
 * `rules` and `authorizedPermissions` may be absent although the contract's own schema asks for them: its examples
 * leave them out. What a schema cannot say is in check.ts.
 */
export const POLICY_DEFINITIONS_SCHEMA: JsonSchema = list(
  mapping(
    'An allow or a deny for one kind of access token.',
    {
      decision: choice(['allow', 'deny'], 'Any deny that matches wins.'),
      tokenType: choice(TOKEN_TYPES, 'What kind of access token it is about.'),
      teamName: name('Team tokens: a pattern for the name of the team.'),
      userLogin: name('Personal tokens: the login of the user, exactly.'),
      runnerID: name('Runner tokens: the agent pool, exactly.'),
      roleID: name('Organization tokens: a role of the organization, which the access token gets.'),
      authorizedPermissions: list(
        text('`admin` makes an organization token an administrator; `standard` adds nothing.', { maxLength: 100 }),
        10,
        'Permissions of an organization token.',
        { default: [] },
      ),
      rules: {
        type: 'object',
        description: 'Claim path to pattern; all of them must match.',
        default: {},
        maxProperties: POLICY_LIMITS.rules,
        propertyNames: text('Where the claim stands.', {
          title: 'the path of a claim, of 1 to 256 characters',
          maxLength: 256,
        }),
        additionalProperties: text('Pattern for the claim, as the `dialect` of the document reads it.', {
          maxLength: MATCH_LIMITS.pattern,
        }),
      },
      reason: text('Why something that the linter points at is meant so.', { maxLength: 500 }),
    },
    ['decision', 'tokenType'],
  ),
  POLICY_LIMITS.definitions,
  'Who may exchange what; the order means nothing.',
);

/** Definitions that were found right, with everything filled in that may be left out. */
export const completeDefinitions = (definitions: readonly DefinitionInFile[]): readonly Definition[] =>
  definitions.map(({ authorizedPermissions = [], rules = {}, ...definition }) => ({
    ...definition,
    authorizedPermissions: [...authorizedPermissions],
    rules: { ...rules },
  }));

import { problemWithName } from '../access/names.ts';
import { Refusal } from '../errors.ts';
import { TOKEN_TYPES, type TokenType } from '../policy/policy.ts';
import {
  AUDIENCE_PREFIX,
  type ExchangeQuestion,
  ID_TOKEN_TYPE,
  TOKEN_EXCHANGE_GRANT,
  TOKEN_TYPE_PREFIX,
} from './question.ts';

/** Parameters of a request, each at most once: texts from a form, any JSON from a JSON body. */
export type Parameters = Readonly<Record<string, unknown>>;

/** How the scope of each kind of token begins, and what follows; organization tokens take none, or `admin`. */
const SCOPES = {
  team: { prefix: 'team:', names: 'team' },
  personal: { prefix: 'user:', names: 'user' },
  runner: { prefix: 'runner:', names: 'team' },
} as const;

const ADMIN = 'admin';

/**
 * Reads what an exchange request asks for, and looks nothing up. RFC 8693, section 2.1; contract section 3.3.
 *
 * Absent, null and "" are the same (RFC 6749, section 3.1), and parameters that we do not know mean nothing. The
 * subject token is not looked at: whatever is wrong with it is answered like every other doubt about it.
 * Throws a `Refusal` that names the parameter and says what to send.
 */
export const readExchangeQuestion = (parameters: Parameters): ExchangeQuestion => {
  // 1. The right endpoint? Without a grant type nothing else of the request means anything.
  const grant = required(parameters, 'grant_type', TOKEN_EXCHANGE_GRANT);
  if (grant !== TOKEN_EXCHANGE_GRANT) throw new Refusal('unsupported_grant_type');

  // 2. Whom does it concern, and what is shown?
  const organization = organizationOf(required(parameters, 'audience', `${AUDIENCE_PREFIX}<organization>`));
  const shown = required(parameters, 'subject_token_type', ID_TOKEN_TYPE);
  if (shown !== ID_TOKEN_TYPE) throw invalid('subject_token_type', `must be ${ID_TOKEN_TYPE}`);
  const subjectToken = required(parameters, 'subject_token', 'the ID token of your issuer');

  // 3. What is asked for?
  const requestedTokenType = required(parameters, 'requested_token_type', `${TOKEN_TYPE_PREFIX}organization`);
  const tokenType = tokenTypeOf(requestedTokenType);
  const scope = optional(parameters, 'scope') ?? '';
  const expiration = expirationOf(parameters['expiration']);
  return {
    organization,
    tokenType,
    ...readScope(tokenType, scope),
    scope,
    requestedTokenType,
    subjectToken,
    ...(expiration !== undefined && { expiration }),
  };
};

const organizationOf = (audience: string): string => {
  const name = audience.startsWith(AUDIENCE_PREFIX) ? audience.slice(AUDIENCE_PREFIX.length) : undefined;
  if (name === undefined) throw new Refusal('invalid_target', { problem: `send ${AUDIENCE_PREFIX}<organization>` });
  const problem = problemWithName('organization', name);
  if (problem) throw new Refusal('invalid_target', { problem: `the organization's name ${problem}` });
  return name;
};

const tokenTypeOf = (requested: string): TokenType => {
  const found = TOKEN_TYPES.find((type) => requested === TOKEN_TYPE_PREFIX + type);
  if (found) return found;
  throw invalid('requested_token_type', `must be ${TOKEN_TYPE_PREFIX} and one of ${TOKEN_TYPES.join(', ')}`);
};

const readScope = (type: TokenType, scope: string): Pick<ExchangeQuestion, 'name' | 'admin'> => {
  if (type === 'organization') {
    if (scope !== '' && scope !== ADMIN) {
      throw new Refusal('invalid_scope', { problem: `for an organization token send nothing, or "${ADMIN}"` });
    }
    return { admin: scope === ADMIN };
  }
  const { prefix, names } = SCOPES[type];
  if (!scope.startsWith(prefix)) {
    throw new Refusal('invalid_scope', { problem: `for a ${type} token send "${prefix}<name>", with one name` });
  }
  const name = scope.slice(prefix.length);
  const problem = problemWithName(names, name);
  if (problem) throw new Refusal('invalid_scope', { problem: `the name after "${prefix}" ${problem}` });
  return { name, admin: false };
};

/** Whole seconds: digits in a form, a number or digits in JSON. How long is too long is not said here: it is clamped. */
const expirationOf = (value: unknown): number | undefined => {
  if (isAbsent(value)) return undefined;
  const text = typeof value === 'number' ? String(value) : value;
  const seconds = typeof text === 'string' && /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (seconds > 0) return seconds;
  throw invalid('expiration', 'must be whole seconds, 1 to 9999999999');
};

const isAbsent = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === '';

const optional = (parameters: Parameters, field: string): string | undefined => {
  const value = parameters[field];
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') throw invalid(field, 'must be a text');
  return value;
};

const required = (parameters: Parameters, field: string, expected: string): string => {
  const value = optional(parameters, field);
  if (value === undefined) throw invalid(field, `is missing; send ${expected}`);
  return value;
};

const invalid = (field: string, problem: string): Refusal =>
  new Refusal('invalid_request', { problem: `${field}: ${problem}` });

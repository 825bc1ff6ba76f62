import type { TokenType } from '../policy/policy.ts';

/** A well-formed exchange request, before anything of it was looked up. RFC 8693, section 2.1; contract section 3.3. */
export interface ExchangeQuestion {
  /** From `audience`: the name after `urn:pulumi:org:`; shaped like an organization's name. */
  readonly organization: string;
  readonly tokenType: TokenType;
  /** From `scope`: team, login or runner pool; absent for organization tokens. */
  readonly name?: string;
  /** Scope `admin`. */
  readonly admin: boolean;
  /** As it was asked, to be answered; "" when absent. */
  readonly scope: string;
  /** As it was asked, to be answered: `urn:pulumi:token-type:access_token:…`. */
  readonly requestedTokenType: string;
  readonly subjectToken: string;
  /** Seconds; absent: the default. */
  readonly expiration?: number;
}

/** RFC 8693 and the contract's own names. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ID_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id_token';
export const AUDIENCE_PREFIX = 'urn:pulumi:org:';
export const TOKEN_TYPE_PREFIX = 'urn:pulumi:token-type:access_token:';

import type { Secret } from '../secret.ts';
import type { ExchangeQuestion } from './question.ts';

/** The body of a successful exchange, the same at every door but for `token_type`. RFC 8693, section 2.2.1. */
export const exchangeAnswer = (
  { requestedTokenType, scope }: Pick<ExchangeQuestion, 'requestedTokenType' | 'scope'>,
  { token, lifetime }: { readonly token: Secret; readonly lifetime: number },
  tokenType: 'token' | 'Bearer',
) => ({
  access_token: token.reveal(),
  issued_token_type: requestedTokenType,
  token_type: tokenType,
  expires_in: lifetime,
  scope,
});

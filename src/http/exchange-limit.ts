import { Refusal } from '../errors.ts';
import type { ExchangeQuestion } from '../exchange/question.ts';
import type { ExchangedToken } from '../flows/exchange-token.ts';
import { readToken } from '../issuers/token-text.ts';
import { fingerprint } from '../secret.ts';
import type { Clock } from '../system.ts';
import { RefusalLimit } from './refusal-limit.ts';

/** The story of an exchange, as every door tells it. */
type Exchange = (
  question: ExchangeQuestion,
  caller?: { readonly clientOrganization?: string },
) => Promise<ExchangedToken>;

/**
 * Puts a limit on the refused exchanges of one organization and issuer, at all doors together.
 *
 * What counts is what the request and its token say, whether it exists or not, so the limit tells nothing about what
 * does. Whoever is over it still exchanges a token that is allowed; only further refusals are answered with 429.
 */
export const limitRefusedExchanges = (exchange: Exchange, clock: Clock, perMinute: number): Exchange => {
  const refusals = new RefusalLimit(clock, perMinute);
  return async (question, caller) => {
    try {
      return await exchange(question, caller);
    } catch (reason) {
      if (!(reason instanceof Refusal) || reason.code !== 'exchange_refused') throw reason;
      const seconds = refusals.count(callersOf(question));
      throw seconds === undefined ? reason : new Refusal('too_many_refusals', { seconds });
    }
  };
};

/** All who ask one organization with tokens that name one issuer; with unreadable tokens: with any of those. */
const callersOf = ({ organization, subjectToken }: ExchangeQuestion): string => {
  const read = readToken(subjectToken);
  // Hashed: what stays in memory has one size, whatever was sent.
  return fingerprint(JSON.stringify([organization, 'problem' in read ? null : read.iss]));
};

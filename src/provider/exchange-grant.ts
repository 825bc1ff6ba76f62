import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { Refusal } from '../errors.ts';
import { exchangeAnswer } from '../exchange/answer.ts';
import { type ExchangeQuestion, TOKEN_EXCHANGE_GRANT } from '../exchange/question.ts';
import { readExchangeQuestion } from '../exchange/read-question.ts';
import type { ExchangedToken } from '../flows/exchange-token.ts';
import type { LiveProvider } from './live.ts';

/** The story behind the grant, for a client of this organization. */
type Exchange = (
  question: ExchangeQuestion,
  caller: { readonly clientOrganization: string },
) => Promise<ExchangedToken>;

const PARAMETERS = [
  'audience',
  'expiration',
  'requested_token_type',
  'scope',
  'subject_token',
  'subject_token_type',
] as const;

/** A refusal of ours, in the form in which the library answers. */
class RefusedExchange extends errors.OIDCProviderError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.status, refusal.oauth, { cause: refusal });
    this.error_description = refusal.message;
    this.expose = true;
    this.refusal = refusal;
  }
}

/**
 * Lets every authenticated client exchange tokens at the token endpoint. RFC 8693, section 2.
 *
 * It is the door for programs that know OAuth and nothing of ours: what it grants and refuses is decided by the same
 * story as at `/api/oauth/token`, and the client adds nothing to it but its organization. To be called once, before
 * the discovery document is read: from then on it names the grant.
 */
export const acceptExchanges = ({ provider, organizationOf }: LiveProvider, exchange: Exchange): void => {
  provider.registerGrantType(
    TOKEN_EXCHANGE_GRANT,
    async (ctx) => {
      const clientOrganization = organizationOf(ctx.oidc.client.clientId);
      if (clientOrganization === undefined) throw new errors.InvalidClientAuth('client was removed during the request');
      try {
        const question = readExchangeQuestion({ ...ctx.oidc.params });
        // Clients that know OAuth take this type only. RFC 6750, section 4.
        ctx.body = exchangeAnswer(question, await exchange(question, { clientOrganization }), 'Bearer');
      } catch (reason) {
        throw reason instanceof Refusal ? new RefusedExchange(reason) : reason;
      }
    },
    PARAMETERS,
  );
  const { prototype } = provider.Client;
  const { grantTypeAllowed } = prototype;
  prototype.grantTypeAllowed = function (type) {
    return type === TOKEN_EXCHANGE_GRANT || grantTypeAllowed.call(this, type);
  };
  provider.on('grant.error', (ctx, failure) => {
    if (failure instanceof RefusedExchange) complete(ctx, failure.refusal);
  });
};

/** Adds what the library has no place for. */
const complete = (ctx: KoaContextWithOIDC, { code, detail }: Refusal): void => {
  ctx.state.refusal = code;
  if (code === 'exchange_refused') Object.assign(ctx.body as object, { correlation_id: detail.decision });
  if (code === 'too_many_refusals') ctx.set('Retry-After', String(detail.seconds));
};

import { errors, type Provider } from 'oidc-provider';
import { newAccessToken } from '../access/access-token.ts';
import type { Holder } from '../access/principal.ts';
import { epochSeconds, type System } from '../system.ts';
import type { FindClient } from './clients.ts';
import type { TokenRecord } from './token-records.ts';

/** The library's two token models, as far as we touch them. */
interface TokenModel {
  readonly kind: TokenRecord['kind'];
  readonly clientId?: string;
  readonly expiration: number;
  holder?: Holder;
  format?: 'opaque';
  iat?: number;
  exp?: number;
}

/**
 * Gives the library's AccessToken and ClientCredentials our kind of token.
 *
 * Both then look alike (`newAccessToken`), carry their holder, and live by the clock that was handed in.
 * Who holds a client_credentials token follows from the client; who holds another is said when it is made.
 */
export const shapeTokenModels = (
  provider: Provider,
  { clock, random }: Pick<System, 'clock' | 'random'>,
  findClient: FindClient,
): void => {
  const holderOfClient = (id: string): Holder => {
    const found = findClient(id);
    if (!found) throw new errors.InvalidClientAuth('client was removed during the request');
    return { kind: 'client', organization: found.organization.name, name: id, tokenName: 'client_credentials' };
  };

  for (const model of [provider.AccessToken, provider.ClientCredentials]) {
    const members = [...model.IN_PAYLOAD, 'holder'];
    Object.defineProperties(model, {
      IN_PAYLOAD: { get: () => members },
      // The records are looked at by our clock before the library gets them.
      verify: { value: async (payload: unknown) => payload },
    });
    Object.defineProperties(model.prototype, {
      generateTokenId: {
        value(this: TokenModel): string {
          this.format = 'opaque';
          this.holder ??= holderOfClient(this.clientId ?? '');
          this.iat = epochSeconds(clock);
          this.exp = this.iat + this.expiration;
          return newAccessToken(random);
        },
      },
      isExpired: {
        get(this: TokenModel): boolean {
          return (this.exp ?? 0) <= epochSeconds(clock);
        },
      },
    });
  }
};

import type { ClientMetadata } from 'oidc-provider';
import type { Client, Organization } from '../access/organization.ts';

/** A client and the one organization that declares it. */
export interface DeclaredClient {
  readonly client: Client;
  readonly organization: Organization;
}

/** Finds clients by their `client_id`, which is unique in the installation. */
export type FindClient = (id: string) => DeclaredClient | undefined;

/**
 * Looks clients up in the organizations that are in force at that moment.
 *
 * Memory only: asking for an invented id costs nothing. The lookup is made anew when the organizations are
 * replaced as a whole, which is how a reload works.
 */
export const clientFinder = (organizations: () => ReadonlyMap<string, Organization>): FindClient => {
  let known: ReadonlyMap<string, Organization> | undefined;
  let byId: ReadonlyMap<string, DeclaredClient> = new Map();
  return (id) => {
    const current = organizations();
    if (current !== known) {
      known = current;
      byId = new Map(
        [...current.values()].flatMap((organization) =>
          organization.clients.map((client) => [client.id, { client, organization }] as const),
        ),
      );
    }
    return byId.get(id);
  };
};

/** A client as the library wants it. Its "secret" is the hash, which `compareClientSecret` knows. */
export const clientMetadata = ({ id, authentication }: Client): ClientMetadata =>
  authentication.method === 'secret'
    ? {
        client_id: id,
        client_secret: authentication.secretHash,
        token_endpoint_auth_method: 'client_secret_basic',
      }
    : {
        client_id: id,
        jwks: structuredClone(authentication.jwks) as NonNullable<ClientMetadata['jwks']>,
        token_endpoint_auth_method: 'private_key_jwt',
      };

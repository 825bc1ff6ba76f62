import type { TestServer } from '../server.ts';
import { sendAsWritten, type WireAnswer } from './wire.ts';

/**
 * The requests of stock clients as they stand on the wire: header names, their order and every byte of the bodies.
 *
 * Those of the Pulumi command line were taken down from v3.259.0 (`npm run interop` runs the program itself); the others are
 * what their sources, read at the releases that are named, make Go's `net/http` and axios send.
 */
const host = (server: TestServer): string => `Host: ${new URL(server.url).host}`;
const CLI = 'User-Agent: pulumi-cli/1 (v3.259.0; linux; cmd=login)';

/** `pulumi login --oidc-token …`: the form of Go's `url.Values`, sorted by name. `path`: a URL with a slash at its end doubles it. */
export const cliExchange = (
  server: TestServer,
  form: Readonly<Record<string, string>>,
  path = '/api/oauth/token',
): Promise<WireAnswer> => {
  const body = new URLSearchParams(Object.entries(form).toSorted(([a], [b]) => (a < b ? -1 : 1))).toString();
  return sendAsWritten(
    server.url,
    [
      `POST ${path} HTTP/1.1`,
      host(server),
      CLI,
      `Content-Length: ${body.length}`,
      'Content-Type: application/x-www-form-urlencoded',
      'Accept-Encoding: gzip',
    ],
    body,
  );
};

/** What the command line asks next, with the access token. */
export const cliGet = (server: TestServer, path: string, accessToken: string): Promise<WireAnswer> =>
  sendAsWritten(server.url, [
    `GET ${path} HTTP/1.1`,
    host(server),
    CLI,
    'Accept: application/vnd.pulumi+9',
    'Accept-Encoding: gzip',
    `Authorization: token ${accessToken}`,
    'Content-Type: application/json',
  ]);

/** `pulumi/auth-actions` v2 (actions-helpers, axios): the members in the order of its source; `expiration` and `scope` only when given. */
export const actionExchange = (
  server: TestServer,
  subjectToken: string,
  given: { readonly type?: string; readonly scope?: string; readonly expiration?: number } = {},
): Promise<WireAnswer> => {
  const body = JSON.stringify({
    audience: 'urn:pulumi:org:acme',
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    requested_token_type: `urn:pulumi:token-type:access_token:${given.type ?? 'organization'}`,
    subject_token: subjectToken,
    ...(given.expiration !== undefined && { expiration: given.expiration }),
    ...(given.scope !== undefined && { scope: given.scope }),
  });
  return sendAsWritten(
    server.url,
    [
      'POST /api/oauth/token HTTP/1.1',
      'Accept: application/json, text/plain, */*',
      'Content-Type: application/json',
      'User-Agent: axios/1.8.4',
      `Content-Length: ${body.length}`,
      'Accept-Encoding: gzip, compress, deflate, br',
      host(server),
      'Connection: keep-alive',
    ],
    body,
  );
};

/** External Secrets Operator, provider Pulumi: a Go map as JSON, so sorted by name, `expiration` a number, `scope` always empty. */
export const externalSecretsExchange = (server: TestServer, subjectToken: string): Promise<WireAnswer> => {
  const body = JSON.stringify({
    audience: 'urn:pulumi:org:acme',
    expiration: 3600,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:pulumi:token-type:access_token:organization',
    scope: '',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  });
  return sendAsWritten(
    server.url,
    [
      'POST /api/oauth/token HTTP/1.1',
      host(server),
      'User-Agent: Go-http-client/1.1',
      `Content-Length: ${body.length}`,
      'Accept: application/json',
      'Content-Type: application/json',
      'Accept-Encoding: gzip',
    ],
    body,
  );
};

/** The Pulumi Service provider's client: the same headers on every call, a body or not. */
export const providerCall = (
  server: TestServer,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  sent?: unknown,
): Promise<WireAnswer> => {
  const body = sent === undefined ? '' : JSON.stringify(sent);
  return sendAsWritten(
    server.url,
    [
      `${method} ${path} HTTP/1.1`,
      host(server),
      'User-Agent: Go-http-client/1.1',
      ...(sent === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      'Accept: application/vnd.pulumi+8',
      `Authorization: token ${server.tokens.admin}`,
      'Content-Type: application/json',
      'X-Pulumi-Source: provider',
      'Accept-Encoding: gzip',
    ],
    body,
  );
};

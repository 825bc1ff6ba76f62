/** One question to a cloud. The body is the whole of it: nothing secret stands in a URL. */
export interface CloudRequest {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a cloud answered, whether it liked the question or not. */
export interface CloudAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Posts one question and gives the whole answer, within limits of time and size.
 *
 * Follows no redirect. Throws `CloudProblem` where there is no answer.
 */
export type Post = (request: CloudRequest) => Promise<CloudAnswer>;

/** Where the clouds are, where an operator says so: base URLs, without the path of the call. */
export interface CloudEndpoints {
  readonly awsSts?: string;
  readonly entra?: string;
  readonly googleSts?: string;
  readonly googleIamCredentials?: string;
  readonly doppler?: string;
  readonly infisical?: string;
}

/** The ways to the clouds. */
export interface Clouds {
  readonly endpoints: CloudEndpoints;
  /** To the published addresses of the clouds, and to those of `endpoints`. */
  readonly post: Post;
  /** To an address that somebody wrote into an environment: guarded, and for nothing else. */
  readonly postToStranger: Post;
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' } as const;
export const JSON_BODY = { 'content-type': 'application/json', accept: 'application/json' } as const;

/** A path below a base URL, whether that ends in a slash or not. */
export const below = (base: string, path: string): string => base.replace(/\/+$/, '') + path;

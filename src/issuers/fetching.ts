/** What one registration may reach; nobody else's permissions ever count for it. */
export interface FetchPermissions {
  /** `host`, for port 443, or `host:port`, for that port alone: its addresses may lie inside the network. */
  readonly hosts: readonly string[];
  /** SHA-256 of certificates, lower-case hexadecimal, that are taken although no authority vouches for them. */
  readonly thumbprints: readonly string[];
  /** Takes any certificate, to learn its thumbprint: only on an administrator's word, for a registration. */
  readonly anyCertificate?: boolean;
}

export interface FetchedDocument {
  /** The whole body. */
  readonly bytes: Uint8Array;
  /** Seconds that the answer may be kept, from `Cache-Control`; absent: it does not say. */
  readonly maxAge?: number;
  /** SHA-256 of the certificate that the host presented, lower-case hexadecimal. */
  readonly thumbprint: string;
}

/**
 * The only way to a stranger's address.
 *
 * Promises: https only; every address of the host is checked and the checked one is connected to; no redirect, no
 * cookie, no proxy from the environment, no compression, nothing but a JSON document of status 200; an end within 3 s
 * and 512 KiB.
 * Throws `IssuerProblem` with a sentence for the administrator.
 */
export interface Outbound {
  getJson(url: string, permissions: FetchPermissions): Promise<FetchedDocument>;
  close(): Promise<void>;
}

/** A JSON text to post, with the headers that belong to it (names in lower case). */
export interface PostedJson {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back: also a refusal, whose reason its body may tell. */
export interface PostAnswer {
  readonly status: number;
  /** The whole body where it is JSON; else empty. */
  readonly bytes: Uint8Array;
}

/** The only way to send something to a stranger's address, under the guards of `Outbound`. */
export interface OutboundPosts {
  /** Gives every answer but a redirect. Throws `IssuerProblem`. */
  postJson(url: string, posted: PostedJson, permissions: FetchPermissions): Promise<PostAnswer>;
}

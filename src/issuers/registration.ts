import type { Finding } from '../documents.ts';
import type { ReplayRule, UploadedKeys } from './trusted-issuer.ts';

/** What an administrator says of an issuer, through the API or in a file: of the right shape, otherwise as written. */
export interface Registration {
  readonly name: string;
  readonly url: string;
  /** What `iss` must be, where that is not for the discovery document to say. */
  readonly issuer?: string;
  readonly jwks?: UploadedKeys;
  readonly thumbprints?: readonly string[];
  readonly maxExpiration?: number;
  readonly replay?: ReplayRule;
  readonly capToSubjectToken?: boolean;
  readonly maxTokenAge?: number;
}

const DAY = 86_400;

/** Bounds of what a registration may say; times in seconds. */
export const REGISTRATION_LIMITS = {
  /** Registrations of one organization. */
  issuers: 100,
  name: 100,
  /** Longest URL and `iss`. */
  url: 255,
  thumbprints: 20,
  keys: 100,
  shortestTime: 60,
  maxExpiration: 31 * DAY,
  maxTokenAge: 30 * DAY,
} as const;

/** A name that can stand in a list or a log: no control or invisible characters. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;
/** RFC 3986, section 2: the characters of a URL. No quotes and brackets, so that it can be quoted anywhere. */
const URL_TEXT = /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/;
/** A StringOrURI as issuers use it: printable ASCII without white space. RFC 7519, section 2. */
const ISSUER = /^[\x21-\x7e]{1,255}$/;
const THUMBPRINT = /^[0-9a-f]{2}(?::?[0-9a-f]{2}){31}$/i;

/** SHA-256 of a certificate as it is stored: 64 lower-case hexadecimal digits; `undefined` for what is none. */
export const readThumbprint = (text: string): string | undefined =>
  THUMBPRINT.test(text) ? text.replaceAll(':', '').toLowerCase() : undefined;

/** Everything that is wrong in a registration although its shape is right. */
export const findRegistrationProblems = (
  registration: Pick<Registration, 'name' | 'url' | 'issuer' | 'jwks' | 'thumbprints'>,
): readonly Finding[] => {
  const { name, url, issuer, jwks, thumbprints } = registration;
  return [
    ...findNameProblems(name),
    ...urlProblems(url, jwks !== undefined),
    ...(issuer === undefined || ISSUER.test(issuer)
      ? []
      : [
          {
            at: ['issuer'],
            problem: 'cannot be the "iss" of a token',
            suggestion: 'write 1 to 255 printable ASCII characters without white space',
          },
        ]),
    ...findThumbprintProblems(thumbprints ?? []),
  ];
};

export const findNameProblems = (name: string): readonly Finding[] =>
  NAME.test(name) && name.trim() !== ''
    ? []
    : [
        {
          at: ['name'],
          problem: 'is not a name',
          suggestion: `write 1 to ${REGISTRATION_LIMITS.name} printable characters`,
        },
      ];

export const findThumbprintProblems = (thumbprints: readonly string[]): readonly Finding[] =>
  thumbprints.flatMap((text, index) => {
    if (readThumbprint(text) !== undefined) return [];
    const isSha1 = /^[0-9a-f]{2}(?::?[0-9a-f]{2}){19}$/i.test(text);
    return [
      {
        at: ['thumbprints', index],
        problem: isSha1 ? 'is a SHA-1 thumbprint' : 'is not a thumbprint',
        suggestion: 'write the SHA-256 of the TLS certificate: 64 hexadecimal digits, with or without colons',
      },
    ];
  });

/**
 * Can this be an issuer's URL? Discovery is fetched below it, so it is a place, without anything that changes places.
 *
 * Plain http is for uploaded keys, where nothing is fetched, and for this installation's own issuers on this machine.
 */
const urlProblems = (text: string, uploaded: boolean): readonly Finding[] => {
  const wrong = (problem: string, suggestion: string): readonly Finding[] => [{ at: ['url'], problem, suggestion }];
  const url = URL.parse(text);
  if (!url || !/^https?:\/\//i.test(text)) {
    return wrong('is not an https URL', 'write one such as https://token.actions.githubusercontent.com');
  }
  if (text.length > REGISTRATION_LIMITS.url) {
    return wrong(`is longer than ${REGISTRATION_LIMITS.url} characters`, 'write the URL of the issuer alone');
  }
  if (!URL_TEXT.test(text)) return wrong('holds characters that no URL has', 'write the issuer as its tokens name it');
  if (/^https?:\/\/[^/]*@/i.test(text)) return wrong('holds a user or password', `write ${url.origin}${url.pathname}`);
  if (text.includes('?')) return wrong('has a query', `write ${url.origin}${url.pathname}`);
  if (text.includes('#')) return wrong('has a fragment', `write ${url.origin}${url.pathname}`);
  if (url.protocol === 'http:' && !uploaded && !isThisMachine(url.hostname)) {
    return wrong(
      'is http:, over which anybody could hand in keys',
      `write https://${url.host}${url.pathname}, or give the keys as "jwks"`,
    );
  }
  return [];
};

/** Only our own issuers can be had there without TLS, and those are not fetched. */
const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);

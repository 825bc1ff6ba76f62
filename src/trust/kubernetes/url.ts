/** A URL as Go takes it apart. */
interface GoUrl {
  readonly scheme: string;
  readonly hasUser: boolean;
  readonly query: string;
  readonly fragment: string;
}

const isEscaped = (text: string): boolean => !/%(?![\da-f]{2})/i.test(text);

const USER = /^[\w\-.:~!$&'()*+,;=%@]*$/;
const NAME = /^[\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;

/** `undefined`: Go's net/url refuses to read it. */
const parse = (text: string): GoUrl | undefined => {
  const [whole = '', ...behind] = text.split('#');
  const fragment = behind.join('#');
  const [, scheme = '', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):)?(.*)$/is.exec(whole) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses
  if (/[\x00-\x1f\x7f]/.test(whole) || whole.startsWith(':') || !isEscaped(fragment)) return undefined;
  const [path = '', ...asked] = rest.split('?');
  const parts = { scheme: scheme.toLowerCase(), query: asked.join('?'), fragment };
  if (!path.startsWith('/')) {
    const isOpaque = scheme !== '';
    return isOpaque || !path.split('/', 1)[0]?.includes(':') ? { ...parts, hasUser: false } : undefined;
  }
  const hasAuthority = path.startsWith('//') && (scheme !== '' || !path.startsWith('///'));
  const [, authority = '', behindIt = ''] = hasAuthority ? (/^\/\/([^/]*)(.*)$/s.exec(path) ?? []) : ['', '', path];
  const at = authority.lastIndexOf('@');
  const isRight = USER.test(authority.slice(0, Math.max(at, 0))) && isHost(authority.slice(at + 1));
  return isRight && isEscaped(behindIt) ? { ...parts, hasUser: at >= 0 } : undefined;
};

const isHost = (host: string): boolean => {
  const [, address, port] = /^(\[[^\]]*\]|[^:[\]]*)(:\d*)?$/.exec(host) ?? [];
  return address !== undefined && NAME.test(address) && (port === undefined || isEscaped(host));
};

/** Why the API server takes a text for no issuer's or discovery's URL; `undefined`: it takes it. */
export const urlProblem = (text: string): string | undefined => {
  const url = parse(text);
  if (!url) return 'is no URL';
  if (url.scheme !== 'https') return 'is not https';
  if (url.hasUser) return 'has a user';
  if (url.query !== '') return 'has a query';
  return url.fragment === '' ? undefined : 'has a fragment';
};

/**
 * Why no cloud on the internet could read the keys of an issuer, as a sentence; `undefined`: nothing in its URL speaks
 * against it. Never a denial: installations are tried on a laptop first.
 */
export const issuerProblem = (issuer: string): string | undefined => {
  const [, scheme, authority = '', path = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/i.exec(issuer) ?? [];
  if (scheme === undefined) return `The issuer ${issuer} is no URL.`;
  if (scheme.toLowerCase() !== 'https') return `The issuer ${issuer} is not https: no cloud takes its tokens.`;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  if (/^(?:localhost|127\.|\[::1\]|.*\.localhost$)/i.test(host)) {
    return `The issuer ${issuer} is this machine: no cloud can read its keys.`;
  }
  if (port !== undefined && port !== '443')
    return `The issuer ${issuer} has a port, which AWS refuses and others mistake.`;
  if (path.endsWith('/'))
    return `The issuer ${issuer} ends with a slash, which some relying parties take for another issuer.`;
  if (/[?#]/.test(path)) return `The issuer ${issuer} has a query or fragment, which no relying party takes.`;
  if (host !== host.toLowerCase())
    return `The issuer ${issuer} has a host in upper case, which no relying party folds.`;
  return undefined;
};

const HOST_OF_OWN = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.*\.localhost)$/;

/**
 * Why clouds would not take a URL as an issuer of theirs, as the end of a sentence; `undefined` where they would.
 *
 * Said of an issuer of ours as a warning: somebody who tries Runpass at home wants to know what else is wrong.
 */
export const problemWithIssuer = (issuer: string): string | undefined => {
  const found = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]*)(:\d+)?/i.exec(issuer);
  if (!found) return 'is no URL';
  const [, scheme = '', host = '', port] = found;
  if (scheme.toLowerCase() !== 'https') return 'is not https';
  if (HOST_OF_OWN.test(host.toLowerCase())) return 'is on the machine itself';
  if (port !== undefined) return 'has a port';
  return undefined;
};

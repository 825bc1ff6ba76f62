import { isJsonObject } from '../../strict-json.ts';

/** The API server's flags for one issuer, which came before the structured configuration. */
export interface Flags {
  readonly url?: string;
  readonly audience?: string;
  readonly usernameClaim: string;
  /** As written; absent: the issuer and `#`, but for the claim email. */
  readonly usernamePrefix?: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  readonly requiredClaims: readonly (readonly [claim: string, value: string])[];
  readonly algorithms: readonly string[];
}

const FLAG = /--oidc-[a-z-]+/;

/** A list of flags, one text with all of them, or the manifest of a Pod that runs the API server. */
export const looksLikeFlags = (value: unknown): boolean => flagTexts(value).some((text) => FLAG.test(text));

const MOST_DEPTH = 8;

const flagTexts = (value: unknown, depth = 0): readonly string[] => {
  if (typeof value === 'string') return depth === 0 ? value.split(/[\s\\]+/) : [value];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  if (depth > MOST_DEPTH || !isPod(value)) return [];
  const { spec } = value;
  const containers = isJsonObject(spec) && Array.isArray(spec['containers']) ? spec['containers'] : [];
  return containers.flatMap((container) =>
    isJsonObject(container)
      ? [container['command'], container['args']].flatMap((each) => flagTexts(each ?? [], 1))
      : [],
  );
};

const isPod = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isJsonObject(value) && value['kind'] === 'Pod';

export const flagsOf = (value: unknown): Flags => {
  const texts = flagTexts(value);
  const all = (name: string): readonly string[] =>
    texts.flatMap((text, at) => {
      if (text === `--oidc-${name}`) return texts[at + 1] ?? [];
      return text.startsWith(`--oidc-${name}=`) ? unquoted(text.slice(name.length + '--oidc-='.length)) : [];
    });
  const last = (name: string): string | undefined => all(name).at(-1);
  const [url, audience, usernamePrefix] = [last('issuer-url'), last('client-id'), last('username-prefix')];
  const algorithms = all('signing-algs').flatMap((each) => each.split(','));
  return {
    ...(url !== undefined && { url }),
    ...(audience !== undefined && { audience }),
    usernameClaim: last('username-claim') ?? 'sub',
    ...(usernamePrefix !== undefined && { usernamePrefix }),
    groupsClaim: last('groups-claim') ?? '',
    groupsPrefix: last('groups-prefix') ?? '',
    requiredClaims: all('required-claim')
      .flatMap((each) => each.split(','))
      .map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
    algorithms: algorithms.length > 0 ? algorithms : ['RS256'],
  };
};

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2');

/** The same as a structured configuration. Kubernetes, "Authenticating", section "Configuring the API Server". */
export const asConfiguration = (flags: Flags): unknown => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url: flags.url, audiences: [flags.audience] },
      claimMappings: {
        username: { claim: flags.usernameClaim, prefix: usernamePrefix(flags) },
        ...(flags.groupsClaim !== '' && { groups: { claim: flags.groupsClaim, prefix: flags.groupsPrefix } }),
      },
      ...(flags.requiredClaims.length > 0 && {
        claimValidationRules: flags.requiredClaims.map(([claim, requiredValue]) => ({ claim, requiredValue })),
      }),
    },
  ],
});

const usernamePrefix = ({ usernamePrefix: written, usernameClaim, url }: Flags): string => {
  if (written === '-') return '';
  return written ?? (usernameClaim === 'email' ? '' : `${url}#`);
};

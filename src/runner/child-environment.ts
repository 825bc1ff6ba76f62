import type { Secret } from '../secret.ts';
import type { Published } from './published.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command must not have, although we do. */
export interface Withheld {
  /** The secrets that we came with: a variable in which one of them stands is withheld, whatever it is called. */
  readonly values: readonly Secret[];
}

/** Names under which secrets of ours are given to us. */
const OURS = [
  'RUNPASS_ACCESS_TOKEN',
  'PULUMI_ACCESS_TOKEN',
  'RUNPASS_AGENT_TOKEN',
  'PULUMI_AGENT_TOKEN',
  'RUNPASS_ID_TOKEN',
  'PULUMI_ID_TOKEN',
  'RUNPASS_OIDC_TOKEN_FILE',
  'CIRCLE_OIDC_TOKEN',
  'CIRCLE_OIDC_TOKEN_V2',
] as const;

/**
 * The whole environment of the command: ours, without our own secrets, and with what is published.
 *
 * An empty `CI` is unset: some programs take it as set.
 */
export const childEnvironment = (
  inherited: Environment,
  { set, unset }: Published,
  { values }: Withheld,
): Readonly<Record<string, string>> => {
  const withheld = new Set<string>([...OURS, ...unset]);
  const secrets = values.map((secret) => secret.reveal().trim()).filter((value) => value !== '');
  const isOurs = (name: string, value: string): boolean =>
    withheld.has(name) || secrets.some((secret) => value.includes(secret)) || (name === 'CI' && value === '');
  const kept = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !isOurs(entry[0], entry[1]),
  );
  return { ...Object.fromEntries(kept), ...set };
};

import { isJsonObject } from '../../strict-json.ts';
import type { Unusable } from '../verdict.ts';
import type { Path, Written } from '../written.ts';

/** A federated identity credential of an application or a managed identity in Microsoft Entra. */
export interface Credential {
  readonly at: Path;
  readonly name: string | undefined;
  readonly issuer: string;
  /** Absent where an expression stands instead. */
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  /** `claimsMatchingExpression`: a flexible credential. */
  readonly expression: string | undefined;
}

/** The credentials that were handed over, in one form: so that an edit of them can be read again. */
export interface EntraTrust {
  /** Each as JSON, with its members at the top: also those of a managed identity, whose members stand under `properties`. */
  readonly source: readonly unknown[];
  readonly credentials: readonly Credential[];
  /** Where they stand in what was handed over. */
  readonly places: readonly Path[];
  /** Were all credentials of the application handed over, or may there be others? */
  readonly complete: boolean;
}

const MOST = 100;

export const isEntraDocument = (value: unknown): boolean => {
  const { found } = placesIn(value);
  return found.length > 0 && found.every(({ value: credential }) => looksRight(credential));
};

const looksRight = (value: unknown): boolean =>
  isJsonObject(value) &&
  'issuer' in value &&
  !isJsonObject(value['issuer']) &&
  ['subject', 'audiences', 'audience', 'claimsMatchingExpression'].some((name) => name in value);

/**
 * Reads one credential as `az ad app federated-credential create` takes it, a list as `… list` prints it, or what
 * Microsoft Graph and the Resource Manager answer (`{"value": […]}`, members under `properties`).
 */
export const readEntraDocument = (written: Written): EntraTrust | Unusable => {
  const { found, complete } = placesIn(written.value);
  if (found.length > MOST) return written.unusable([], `holds more than ${MOST} credentials`);
  for (const { at, value } of found) {
    const problem = problemWith(value);
    if (problem) return written.unusable([...at, ...problem.at], problem.text);
  }
  return readCredentials(
    found.map(({ value }) => value),
    found.map(({ at }) => at),
    complete,
  );
};

/** Reads what has the right shape: again after an edit. */
export const readCredentials = (
  source: readonly unknown[],
  places: readonly Path[],
  complete: boolean,
): EntraTrust => ({
  source,
  places,
  complete,
  credentials: source.map((value, index) => readCredential(isJsonObject(value) ? value : {}, places[index] ?? [index])),
});

interface Found {
  readonly found: readonly { readonly at: Path; readonly value: unknown }[];
  readonly complete: boolean;
}

const placesIn = (top: unknown): Found => {
  const inList = (list: readonly unknown[], at: Path): Found => ({
    found: list.map((value, index) => withProperties(value, [...at, index])),
    complete: true,
  });
  if (Array.isArray(top)) return inList(top, []);
  if (!isJsonObject(top)) return { found: [], complete: false };
  for (const name of ['value', 'federatedIdentityCredentials']) {
    const list = top[name];
    if (Array.isArray(list)) return inList(list, [name]);
  }
  return { found: [withProperties(top, [])], complete: false };
};

const withProperties = (value: unknown, at: Path): { readonly at: Path; readonly value: unknown } => {
  const inside = isJsonObject(value) ? value['properties'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(inside)) return { at, value };
  return { at: [...at, 'properties'], value: { name: value['name'], ...inside } };
};

const problemWith = (value: unknown): { readonly at: Path; readonly text: string } | undefined => {
  if (!isJsonObject(value))
    return { at: [], text: 'must be a credential: a mapping with issuer, subject and audiences' };
  const { issuer, subject, audiences } = value;
  const expression = value['claimsMatchingExpression'];
  if ('audience' in value)
    return { at: ['audience'], text: 'is no member of a credential; write "audiences": ["<audience>"]' };
  if (typeof issuer !== 'string') return { at: ['issuer'], text: 'must be the URL of the issuer' };
  if (!Array.isArray(audiences) || audiences.some((audience) => typeof audience !== 'string')) {
    return { at: ['audiences'], text: 'must be a list of one audience, such as ["api://AzureADTokenExchange"]' };
  }
  const isFlexible = isJsonObject(expression) && typeof expression['value'] === 'string';
  if (expression !== undefined && expression !== null && !isFlexible) {
    return { at: ['claimsMatchingExpression'], text: 'must be {"value": "<expression>", "languageVersion": 1}' };
  }
  if (isFlexible ? typeof subject === 'string' : typeof subject !== 'string') {
    return {
      at: ['subject'],
      text: isFlexible ? 'cannot stand beside claimsMatchingExpression' : 'must be the subject, to the letter',
    };
  }
  return undefined;
};

const readCredential = (value: Readonly<Record<string, unknown>>, at: Path): Credential => {
  const { name, issuer, subject, audiences } = value;
  const expression = value['claimsMatchingExpression'];
  return {
    at,
    name: typeof name === 'string' ? name : undefined,
    issuer: String(issuer),
    subject: typeof subject === 'string' ? subject : undefined,
    audiences: Array.isArray(audiences) ? audiences.map(String) : [],
    expression: isJsonObject(expression) ? String(expression['value']) : undefined,
  };
};

import { isJsonObject } from '../../../src/strict-json.ts';
import { VAULT_REASONS } from '../../../src/trust/vault/reasons.ts';
import { VAULT } from '../../../src/trust/vault/vault.ts';
import { isUnusable } from '../../../src/trust/verdict.ts';
import { readWritten } from '../../../src/trust/written.ts';
import { OURS } from '../presented.ts';
import type { Members } from './edited.ts';
import { means } from './means.ts';
import { presentedOf, type Question } from './questions.ts';

/** What each step of Vault said when it refused; otherwise who logged in. */
export interface VaultAnswer {
  readonly config?: string;
  readonly role?: string;
  readonly login?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly said?: Readonly<Record<string, string>>;
}

/** What is written into Vault: a document may be what Vault printed of it, or a role alone. */
export const partsOf = ({ document, claims }: Question): { readonly role: Members; readonly config: Members } => {
  const written = readWritten(document);
  const whole = 'value' in written && isJsonObject(written.value) ? written.value : {};
  const inData = (value: unknown): Members => {
    const members = isJsonObject(value) ? value : {};
    return isJsonObject(members['data']) ? members['data'] : members;
  };
  const isPair = isJsonObject(whole['role']);
  const config = isPair && whole['config'] !== undefined ? inData(whole['config']) : ownConfig(claims['iss']);
  return { role: inData(isPair ? whole['role'] : whole), config };
};

/** Stands in a configuration for our keys as PEM. */
export const OUR_KEYS = '-----BEGIN PUBLIC KEY-----\nours\n-----END PUBLIC KEY-----\n';

/** What is assumed of a role that stands alone: the method is there for the issuer of the token. */
const ownConfig = (issuer: unknown): Members => ({
  jwt_validation_pubkeys: [OUR_KEYS],
  bound_issuer: typeof issuer === 'string' ? issuer : '',
});

/** How our answer differs from Vault's, in words; nothing where both say the same, and refuse for the same reason. */
export const vaultDifference = (question: Question, theirs: VaultAnswer): string | undefined => {
  const messages = [theirs.config, theirs.role, theirs.login].filter((message) => message !== undefined);
  const there = messages.length === 0 ? `admits ${theirs.user}` : messages.join(' and ');
  const written = readWritten(question.document);
  const read = isUnusable(written) ? written : VAULT.read(written);
  if (isUnusable(read)) {
    const isUnread = messages.some((message) => message.startsWith('Field validation failed: '));
    return isUnread ? undefined : `cannot be read here: ${read.problem}; there: ${there}`;
  }
  const { reasons } = read.evaluate(presentedOf(question), OURS);
  // Vault breaks off the connection.
  if (there.startsWith('panic: ') && reasons.some(({ code }) => code === 'vault_claim_mismatch')) return undefined;
  const codes = reasons.map(({ code }) => code as keyof typeof VAULT_REASONS);
  const [first] = codes;
  if (first === undefined) return messages.length === 0 ? undefined : `admitted here; there: ${there}`;
  // Claims are compared in no order, so of several that are wrong Vault names any.
  const said = ORDERLESS.includes(first) ? codes : [first];
  const isSame = said.some((code) =>
    VAULT_REASONS[code].some((text) => messages.some((message) => means(text, message))),
  );
  return isSame ? undefined : `${codes.join(', ')} here; there: ${there}`;
};

const ORDERLESS: readonly string[] = [
  ...['vault_claim_missing', 'vault_claim_path', 'vault_claim_form', 'vault_claim_mismatch', 'vault_glob_as_text'],
  ...['vault_mapped_claim_form', 'vault_mapping_form', 'vault_glob_form', 'vault_network_form', 'vault_token_form'],
];

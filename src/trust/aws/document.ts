import { isJsonObject } from '../../strict-json.ts';
import { isUnusable, type Unusable } from '../verdict.ts';
import { type Path, readWritten, type Written } from '../written.ts';
import { type Fault, readStatements, type Statement } from './statements.ts';

/** What was handed over, in one form, whatever it came in: so that an edit of it can be read again. */
export interface AwsSource {
  /** The trust policy as JSON. */
  readonly policy: unknown;
  readonly provider?: unknown;
  readonly role?: unknown;
}

/** The identity provider in IAM, where it was handed over with the policy. */
export interface AwsProvider {
  readonly url: string | undefined;
  readonly clientIds: readonly string[] | undefined;
  readonly thumbprints: readonly string[];
}

/** A role's trust policy, and what else is known of the role and its provider. */
export interface AwsTrust {
  readonly source: AwsSource;
  readonly statements: readonly Statement[];
  /** Are `${…}` variables? Only in policies of the version that knows them. */
  readonly variables: boolean;
  readonly version: unknown;
  readonly provider: AwsProvider | undefined;
  readonly roleArn: string | undefined;
  readonly maxSessionSeconds: number | undefined;
}

/** Without white space: what no account can store, whatever its quota. */
const MAX_LENGTH = 8192;

export const isAwsDocument = (value: unknown): boolean =>
  isJsonObject(value) && (isPolicy(value) || policyPlace(value) !== undefined);

const isPolicy = (value: Readonly<Record<string, unknown>>): boolean => 'Statement' in value || 'statement' in value;

/**
 * Reads a trust policy; or what has one inside: `aws iam get-role`, a role of CloudFormation, or a bundle
 * `{"provider": …, "role": …}` of `get-open-id-connect-provider` and `get-role`.
 */
export const readAwsDocument = (written: Written): AwsTrust | Unusable => {
  const top = isJsonObject(written.value) ? written.value : {};
  const place = isPolicy(top) ? { policy: [], role: undefined } : (policyPlace(top) ?? { policy: [], role: undefined });
  const found = readPolicyText(valueAt(top, place.policy));
  if (isUnusable(found)) return written.unusable(place.policy, `holds a text that ${found.problem}`);
  const role = place.role && valueAt(top, place.role);
  const provider = top['provider'] ?? top['Provider'];
  const trust = readSource({
    policy: found.value,
    ...(role !== undefined && { role }),
    ...(provider !== undefined && { provider }),
  });
  return 'fault' in trust ? written.unusable([...place.policy, ...trust.fault.at], trust.fault.problem) : trust;
};

/** Reads what was edited; the first fault, with its place in the policy, where that is none that AWS would store. */
export const readSource = (source: AwsSource): AwsTrust | { readonly fault: Fault } => {
  const { policy, provider, role } = source;
  if (!isJsonObject(policy)) return { fault: { at: [], problem: 'must be a policy: a mapping with a Statement' } };
  if (JSON.stringify(policy).length > MAX_LENGTH) {
    return { fault: { at: [], problem: `is longer than the ${MAX_LENGTH} characters that AWS can store` } };
  }
  const statements = readStatements(policy);
  if ('problem' in statements) return { fault: statements };
  return {
    source,
    statements,
    variables: policy['Version'] === '2012-10-17',
    version: policy['Version'],
    provider: isJsonObject(provider) ? readProvider(provider) : undefined,
    roleArn: text(isJsonObject(role) ? role['Arn'] : undefined),
    maxSessionSeconds: seconds(isJsonObject(role) ? role['MaxSessionDuration'] : undefined),
  };
};

const readProvider = (given: Readonly<Record<string, unknown>>): AwsProvider => {
  const inside = given['OpenIDConnectProvider'] ?? given['Properties'];
  const provider = isJsonObject(inside) ? inside : given;
  const clientIds = provider['ClientIDList'] ?? provider['ClientIdList'];
  return {
    url: text(provider['Url'] ?? provider['url']),
    clientIds: Array.isArray(clientIds) ? clientIds.map(String) : undefined,
    thumbprints: Array.isArray(provider['ThumbprintList']) ? provider['ThumbprintList'].map(String) : [],
  };
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const seconds = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

interface PolicyPlace {
  readonly policy: Path;
  readonly role: Path | undefined;
}

const DOCUMENT = 'AssumeRolePolicyDocument';

/** Where a trust policy stands inside what else was handed over; the first of a template's roles. */
const policyPlace = (top: Readonly<Record<string, unknown>>): PolicyPlace | undefined => {
  const { role, Role } = top;
  const resources = isJsonObject(top['Resources']) ? Object.keys(top['Resources']) : [];
  const candidates: readonly Path[] = [
    [],
    ['Role'],
    ['role'],
    ['role', 'Role'],
    ['Properties'],
    ...resources.map((name) => ['Resources', name, 'Properties']),
  ];
  const at = candidates.find((path) => {
    const value = valueAt(top, path);
    return isJsonObject(value) && DOCUMENT in value;
  });
  if (at) return { policy: [...at, DOCUMENT], role: at };
  if (isJsonObject(role) && isPolicy(role)) return { policy: ['role'], role: undefined };
  return isJsonObject(Role) && isPolicy(Role) ? { policy: ['Role'], role: undefined } : undefined;
};

const valueAt = (top: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inside, part) => (isJsonObject(inside) && Object.hasOwn(inside, part) ? inside[part] : undefined),
    top,
  );

/** The API gives the policy URL-encoded, some tools give it as a text: then that is read. */
const readPolicyText = (policy: unknown): { readonly value: unknown } | Unusable => {
  if (typeof policy !== 'string') return { value: policy };
  const decoded = policy.startsWith('%7B') ? decode(policy) : policy;
  return readWritten(decoded);
};

const decode = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
};

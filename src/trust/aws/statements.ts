import { nearest } from '../../nearest.ts';
import { isJsonObject } from '../../strict-json.ts';
import type { Path } from '../written.ts';
import { OPERATOR_NAMES, type Operator, readOperator } from './operators.ts';

/** One statement of a trust policy. */
export interface Statement {
  /** Where it stands in the policy: `Statement[0]`, or `Statement` where there is no list. */
  readonly at: Path;
  readonly effect: 'Allow' | 'Deny';
  /** ARNs of identity providers, and `*`. */
  readonly federated: readonly string[];
  /** Where the federated principals are written. */
  readonly principalAt: Path;
  /** `*`, or `{"AWS": "*"}`: anybody at all. */
  readonly anybody: boolean;
  readonly actions: Actions;
  readonly conditions: readonly Condition[];
}

export interface Actions {
  readonly at: Path;
  readonly patterns: readonly string[];
  /** `NotAction`. */
  readonly negated: boolean;
}

export interface Condition {
  /** `Statement[0].Condition.StringEquals["id.example.com/oidc:sub"]`. */
  readonly at: Path;
  /** The operator as it was written. */
  readonly written: string;
  readonly operator: Operator;
  readonly key: string;
  readonly values: readonly string[];
}

/** Why AWS would not store the policy: the end of a sentence that begins with the place. */
export interface Fault {
  readonly at: Path;
  readonly problem: string;
}

const ELEMENTS = ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Condition'];
const TOP_ELEMENTS = ['Version', 'Id', 'Statement'];

class Refused extends Error {
  readonly at: Path;

  constructor(at: Path, problem: string) {
    super(problem);
    this.at = at;
  }
}

/** Reads the statements, or finds the first thing for which AWS refuses to store the policy. */
export const readStatements = (policy: Readonly<Record<string, unknown>>): readonly Statement[] | Fault => {
  try {
    checkNames(policy, [], TOP_ELEMENTS);
    const statements = policy['Statement'];
    if (Array.isArray(statements)) {
      if (statements.length === 0) throw new Refused(['Statement'], 'is empty; write at least one statement');
      return statements.map((statement, index) => readStatement(statement, ['Statement', index]));
    }
    return [readStatement(statements, ['Statement'])];
  } catch (error) {
    if (error instanceof Refused) return { at: error.at, problem: error.message };
    throw error;
  }
};

const readStatement = (statement: unknown, at: Path): Statement => {
  if (!isJsonObject(statement)) throw new Refused(at, 'must be a mapping with Effect, Principal and Action');
  if ('NotPrincipal' in statement) {
    throw new Refused([...at, 'NotPrincipal'], 'cannot stand in a trust policy; write a Principal');
  }
  if ('Resource' in statement || 'NotResource' in statement) {
    const name = 'Resource' in statement ? 'Resource' : 'NotResource';
    throw new Refused([...at, name], 'cannot stand in a trust policy: the role itself is the resource; leave it out');
  }
  checkNames(statement, at, ELEMENTS);
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new Refused([...at, 'Effect'], 'must be "Allow" or "Deny"');
  return {
    at,
    effect,
    ...readPrincipal(statement['Principal'], [...at, 'Principal']),
    actions: readActions(statement, at),
    conditions: readConditions(statement['Condition'], [...at, 'Condition']),
  };
};

const checkNames = (object: Readonly<Record<string, unknown>>, at: Path, names: readonly string[]): void => {
  for (const name of Object.keys(object)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const advice = near === undefined ? `the elements here are ${names.join(', ')}` : `write "${near}"`;
    throw new Refused([...at, name], `is no element of a policy; ${advice}`);
  }
};

const readPrincipal = (principal: unknown, at: Path): Pick<Statement, 'federated' | 'principalAt' | 'anybody'> => {
  if (principal === '*') return { federated: [], principalAt: at, anybody: true };
  if (!isJsonObject(principal)) {
    throw new Refused(at, 'must be a mapping such as {"Federated": "arn:aws:iam::<account>:oidc-provider/<issuer>"}');
  }
  const kinds = ['AWS', 'CanonicalUser', 'Federated', 'Service'];
  for (const name of Object.keys(principal)) {
    if (kinds.includes(name)) continue;
    const near = nearest(name, kinds) ?? 'Federated';
    throw new Refused([...at, name], `is no kind of principal; write "${near}"`);
  }
  return {
    federated: principal['Federated'] === undefined ? [] : texts(principal['Federated'], [...at, 'Federated']),
    principalAt: [...at, 'Federated'],
    anybody: [principal['AWS']].flat().includes('*'),
  };
};

const readActions = (statement: Readonly<Record<string, unknown>>, at: Path): Actions => {
  const negated = 'NotAction' in statement;
  if (negated === 'Action' in statement) {
    throw new Refused(at, 'must have either Action or NotAction; write "Action": "sts:AssumeRoleWithWebIdentity"');
  }
  const place = [...at, negated ? 'NotAction' : 'Action'];
  const patterns = texts(negated ? statement['NotAction'] : statement['Action'], place);
  const wrong = patterns.find((pattern) => pattern !== '*' && !/^[a-z0-9*?-]+:[A-Za-z0-9*?]+$/i.test(pattern));
  if (wrong !== undefined) {
    throw new Refused(place, `has ${JSON.stringify(wrong)}, which is no action; write "sts:AssumeRoleWithWebIdentity"`);
  }
  return { at: place, patterns, negated };
};

const readConditions = (condition: unknown, at: Path): readonly Condition[] => {
  if (condition === undefined) return [];
  if (!isJsonObject(condition)) throw new Refused(at, 'must be a mapping of operators such as StringEquals');
  return Object.entries(condition).flatMap(([written, keys]) => {
    const operator = readOperator(written);
    if (!operator) {
      const near = nearest(written, OPERATOR_NAMES);
      const advice = near === undefined ? 'write StringEquals or StringLike' : `write "${near}"`;
      throw new Refused([...at, written], `is no condition operator; ${advice}`);
    }
    if (!isJsonObject(keys)) throw new Refused([...at, written], 'must be a mapping from condition keys to values');
    return Object.entries(keys).map(([key, values]) => {
      const place = [...at, written, key];
      return { at: place, written, operator, key, values: texts(values, place) };
    });
  });
};

/** One text or a list of them; numbers and booleans as AWS writes them. */
const texts = (value: unknown, at: Path): readonly string[] => {
  const values = Array.isArray(value) ? value : [value];
  return values.map((each: unknown, index) => {
    if (typeof each === 'string' || typeof each === 'boolean' || typeof each === 'number') return String(each);
    throw new Refused(Array.isArray(value) ? [...at, index] : at, 'must be a text or a list of texts');
  });
};

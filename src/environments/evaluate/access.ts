import type { Accessor } from '../syntax/expression.ts';
import { quote } from '../syntax/paths.ts';
import type { Expr, Scope } from './expr.ts';
import { nearestKey } from './nearest-key.ts';
import type { Run } from './run.ts';
import { itemSchema, propertySchema, type Schema, type SchemaObject } from './schema.ts';
import { isUnderlay, unknown, type Value } from './value.ts';

/**
 * What a property access names, seen from expression `x`. The first step decides where it begins: `imports`,
 * `context`, `environments`, and for anything else the values of the same document.
 *
 * Lists and objects are walked without being evaluated, so that members may refer to one another; what lies below an
 * object answers for members that it lacks.
 */
export const evaluateAccess = (run: Run, scope: Scope, x: Expr, access: readonly Accessor[]): Value =>
  new Access(run, scope, x).resolve(access);

class Access {
  readonly #run: Run;
  readonly #scope: Scope;
  readonly #x: Expr;

  constructor(run: Run, scope: Scope, x: Expr) {
    this.#run = run;
    this.#scope = scope;
    this.#x = x;
  }

  resolve(access: readonly Accessor[]): Value {
    const [first] = access;
    if (first?.key === 'imports') return this.#inValue(this.#scope.imports, access.slice(1));
    if (first?.key === 'context') return this.#inValue(this.#scope.context(), access.slice(1));
    if (first?.key === 'environments') return this.#inEnvironment(access.slice(1));
    return this.#inExpression(this.#scope.values, access);
  }

  #inExpression(start: Expr, access: readonly Accessor[]): Value {
    let receiver = start;
    for (let index = 0; index < access.length; index++) {
      const accessor = access[index] as Accessor;
      const { expression, base } = receiver;
      // What is final below cannot be got around by naming its members above.
      const isLiteral = !base?.final && (expression?.kind === 'list' || expression?.kind === 'object');
      if (!isLiteral) return this.#inValue(this.#run.evaluate(receiver, this.#scope), access.slice(index));
      if (expression.kind === 'list') {
        const item = receiver.items[this.#index(accessor, receiver.items.length) ?? -1];
        if (!item) return this.#invalid();
        receiver = item;
        continue;
      }
      const key = this.#key(accessor);
      if (key === undefined) return this.#invalid();
      const member = receiver.members.get(key);
      if (!member && isUnderlay(base)) return this.#inValue(base, access.slice(index));
      if (!member) return this.#noProperty(accessor, key, receiver.members.keys());
      receiver = member;
    }
    return this.#run.evaluate(receiver, this.#scope);
  }

  #inValue(start: Value, access: readonly Accessor[]): Value {
    let receiver = start;
    for (let index = 0; index < access.length; ) {
      const accessor = access[index];
      if (!accessor) break;
      if (receiver.kind === 'unknown') return this.#inUnknown(receiver.schema, receiver.awaits, access.slice(index));
      if (receiver.kind === 'scalar') return this.#noMembers(accessor);
      if (receiver.kind === 'list') {
        const item: Value | undefined = receiver.content[this.#index(accessor, receiver.content.length) ?? -1];
        if (!item) return this.#invalid();
        receiver = item;
        index++;
        continue;
      }
      const key = this.#key(accessor);
      if (key === undefined) return this.#invalid();
      const member: Value | undefined = receiver.content.get(key);
      if (member) {
        receiver = member;
        index++;
      } else if (!receiver.atomic && isUnderlay(receiver.base)) {
        receiver = receiver.base;
      } else {
        return this.#noProperty(accessor, key, receiver.content.keys());
      }
    }
    return receiver;
  }

  /** A member of what is unknown is unknown, and of the type that the schema gives it. */
  #inUnknown(start: Schema, awaits: ReadonlySet<string>, access: readonly Accessor[]): Value {
    let schema = start;
    for (const accessor of access) {
      if (schema === true) continue;
      const type = schema === false ? undefined : schema.type;
      if (type === 'array') {
        const { items, prefixItems = [] }: SchemaObject = typeof schema === 'object' ? schema : {};
        const index = this.#index(accessor, items === false ? prefixItems.length : undefined);
        if (index === undefined) return this.#invalid();
        schema = itemSchema(schema, index);
      } else if (type === 'object') {
        const key = this.#key(accessor);
        if (key === undefined) return this.#invalid();
        schema = propertySchema(schema, key);
      } else {
        return this.#noMembers(accessor);
      }
    }
    return unknown(this.#x, schema, awaits);
  }

  /** `environments.P.E…`: imports that environment here and now. */
  #inEnvironment(access: readonly Accessor[]): Value {
    const [project, name, ...rest] = access;
    if (!project || !name) return this.#invalid();
    const [projectName, environmentName] = [this.#key(project), this.#key(name)];
    if (projectName === undefined || environmentName === undefined) return this.#invalid();
    const { source, at } = this.#x;
    const value = this.#run.importValue(this.#scope, `${projectName}/${environmentName}`, source, at);
    return value ? this.#inValue(value, rest) : this.#invalid();
  }

  #index(accessor: Accessor, length: number | undefined): number | undefined {
    const { key } = accessor;
    if (typeof key === 'string') {
      return this.#problem(accessor, 'cannot access an array element using a property name');
    }
    if (key < 0) return this.#problem(accessor, 'array indices must not be negative');
    if (length !== undefined && key >= length) {
      return this.#problem(accessor, `array index ${key} out-of-bounds for array of length ${length}`);
    }
    return key;
  }

  #key(accessor: Accessor): string | undefined {
    if (typeof accessor.key === 'string') return accessor.key;
    return this.#problem(accessor, 'cannot access an object property using an integer index');
  }

  #noProperty(accessor: Accessor, key: string, known: Iterable<string>): Value {
    const meant = nearestKey(key, known);
    const hint = meant === undefined ? '' : `; did you mean ${quote(meant)}?`;
    this.#problem(accessor, `unknown property ${quote(key)}${hint}`);
    return this.#invalid();
  }

  #noMembers(accessor: Accessor): Value {
    this.#problem(accessor, 'receiver must be an array or an object');
    return this.#invalid();
  }

  #invalid(): Value {
    return unknown(this.#x, true);
  }

  #problem(accessor: Accessor, summary: string): undefined {
    const { source, at } = this.#x;
    this.#run.problems.error(source, { ...at, ...accessor.at }, summary);
    return undefined;
  }
}

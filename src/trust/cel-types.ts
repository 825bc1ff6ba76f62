/** Types of the Common Expression Language, as its checker sees them. A variable stands for a type not known yet. */
export type CelType =
  | { readonly kind: 'any' | 'dyn' | 'optional' | 'type' | Primitive }
  | { readonly kind: 'list' | 'map'; readonly of: readonly CelType[] }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, CelType>> }
  | { readonly kind: 'variable'; readonly name: string };

type Primitive = 'bool' | 'bytes' | 'double' | 'duration' | 'int' | 'null' | 'string' | 'timestamp' | 'uint';

export const DYN: CelType = { kind: 'dyn' };
/** As `dyn`, but nothing may go through its elements. */
export const ANY: CelType = { kind: 'any' };

const mayBeAnything = ({ kind }: CelType): boolean => kind === 'any' || kind === 'dyn';
export const BOOL: CelType = { kind: 'bool' };
export const STRING: CelType = { kind: 'string' };
export const listOf = (element: CelType): CelType => ({ kind: 'list', of: [element] });
export const mapOf = (key: CelType, value: CelType): CelType => ({ kind: 'map', of: [key, value] });
export const objectOf = (fields: Readonly<Record<string, CelType>>): CelType => ({ kind: 'object', fields });

/** What variables stand for, so far. */
export type Known = ReadonlyMap<string, CelType>;

/** As it is said in a problem, and so that equal types have equal texts. */
export const typeText = (type: CelType): string => {
  switch (type.kind) {
    case 'list':
    case 'map':
      return `${type.kind}(${type.of.map(typeText).join(', ')})`;
    case 'object':
      return `{${Object.keys(type.fields).join(', ')}}`;
    case 'variable':
      return type.name;
    default:
      return type.kind;
  }
};

const isSame = (one: CelType, other: CelType): boolean => typeText(one) === typeText(other);

/** A type without variables; what is not known may be anything. */
export const resolved = (type: CelType, known: Known): CelType => {
  if (type.kind === 'variable') {
    const found = known.get(type.name);
    return found ? resolved(found, known) : DYN;
  }
  return type.kind === 'list' || type.kind === 'map'
    ? { ...type, of: type.of.map((each) => resolved(each, known)) }
    : type;
};

/**
 * May a value of one type stand where the other is wanted? With what is known of variables then; `undefined`: no. As
 * cel-go decides it: whatever may be anything is taken, and a variable becomes the more general of all it stands for.
 */
export const assignable = (one: CelType, other: CelType, known: Known): Known | undefined => {
  if (other.kind === 'variable') {
    const found = substituted(one, other.name, known);
    if (found || known.has(other.name)) return found;
  }
  if (one.kind === 'variable') return substituted(other, one.name, known);
  if (mayBeAnything(one) || mayBeAnything(other)) return known;
  if (one.kind === 'null' || other.kind === 'null') {
    const value = one.kind === 'null' ? other : one;
    return ['null', 'duration', 'timestamp', 'object'].includes(value.kind) ? known : undefined;
  }
  if (one.kind !== other.kind) return undefined;
  if ((one.kind === 'list' || one.kind === 'map') && other.kind === one.kind)
    return allAssignable(one.of, other.of, known);
  return one.kind === 'object' && !isSame(one, other) ? undefined : known;
};

export const allAssignable = (ones: readonly CelType[], others: readonly CelType[], known: Known): Known | undefined =>
  ones.length === others.length
    ? ones.reduce<Known | undefined>((sum, one, at) => sum && assignable(one, others[at] ?? DYN, sum), known)
    : undefined;

const substituted = (type: CelType, name: string, known: Known): Known | undefined => {
  if (type.kind === 'variable' && type.name === name) return known;
  const found = known.get(name);
  if (!found) return isWithin(name, type, known) ? undefined : new Map([...known, [name, type]]);
  if (isSame(type, found)) return known;
  const after = assignable(type, found, known);
  if (!after) return undefined;
  const general = isAsGeneral(type, found) ? type : found;
  return isWithin(name, general, after) ? after : new Map([...after, [name, general]]);
};

const isWithin = (name: string, type: CelType, known: Known): boolean => {
  if (type.kind === 'variable') {
    const found = known.get(type.name);
    return type.name === name || (found !== undefined && isWithin(name, found, known));
  }
  return (type.kind === 'list' || type.kind === 'map') && type.of.some((each) => isWithin(name, each, known));
};

/** Is the one no more special than the other? */
export const isAsGeneral = (one: CelType, other: CelType): boolean => {
  if (mayBeAnything(one) || one.kind === 'variable') return true;
  if (mayBeAnything(other) || other.kind === 'variable' || one.kind !== other.kind) return false;
  if ((one.kind === 'list' || one.kind === 'map') && other.kind === one.kind) {
    return one.of.every((each, at) => isAsGeneral(each, other.of[at] ?? DYN));
  }
  return isSame(one, other);
};

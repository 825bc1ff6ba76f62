import { type Budget, EVALUATION_LIMITS, LimitReached } from './limits.ts';
import { mergedSchema } from './schema.ts';
import { propertyOf, schemaOf, type Value } from './value.ts';

/** The merges of one evaluation. Each is made once, and all are forgotten with it. */
export class Merges {
  readonly #budget: Budget;
  /** By the value above and the one below. */
  readonly #made = new Map<Value, Map<Value, Value>>();
  /** The value that was laid over something, by the result. */
  readonly #laidFrom = new Map<Value, Value>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * `value` laid over `base`, member by member; everything but objects replaces what lies below.
   *
   * Laying a value twice over the same changes nothing, and a value already in the uppermost layer is not laid again.
   */
  merge(value: Value, base: Value | undefined): Value {
    if (!base) return value;
    let looked = 0;
    for (let upper: Value | undefined = base; upper; upper = this.#laidFrom.get(upper)) {
      if (upper === value) return base;
      looked++;
    }
    this.#budget.spend(looked - 1);
    return this.#made.get(value)?.get(base) ?? this.#budget.within(() => this.#mergeAnew(value, base));
  }

  #mergeAnew(value: Value, base: Value): Value {
    const below = value.base ? this.merge(value.base, base) : base;
    if (below === value.base) return value;
    const result = this.#lay(value, below);
    const made = this.#made.get(value) ?? new Map<Value, Value>();
    made.set(base, result);
    this.#made.set(value, made);
    this.#laidFrom.set(result, value);
    return result;
  }

  #lay(value: Value, base: Value): Value {
    const layers = 1 + base.layers;
    if (layers > EVALUATION_LIMITS.layers) {
      throw new LimitReached(`a value lies over more than ${EVALUATION_LIMITS.layers} others`);
    }
    this.#budget.spend();
    const depth = Math.max(value.depth, base.depth);
    if (value.kind === 'unknown') {
      const schema = base.atomic || value.atomic ? value.schema : mergedSchema(schemaOf(base), value.schema);
      return { ...value, base, depth, layers, schema };
    }
    if (value.kind !== 'object' || value.atomic || base.atomic) return { ...value, base, depth, layers };
    const content = new Map<string, Value>();
    this.#budget.spend(value.content.size);
    for (const [key, member] of value.content) content.set(key, this.merge(member, propertyOf(base, key)));
    return { ...value, content, found: {}, base, depth, layers };
  }
}

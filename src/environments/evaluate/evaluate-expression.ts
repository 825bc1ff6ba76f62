import { unpackCiphertext } from '../syntax/envelope.ts';
import type { InterpolationPart } from '../syntax/expression.ts';
import { evaluateAccess } from './access.ts';
import type { Expr, Scope } from './expr.ts';
import { awaitsOf } from './facts.ts';
import { evaluatePair, evaluateUnary } from './functions.ts';
import { EVALUATION_LIMITS, LimitReached, limitText } from './limits.ts';
import { evaluateOpen } from './open-call.ts';
import { type Run, reportLimit } from './run.ts';
import { textForm } from './text-form.ts';
import { evaluateValidate } from './validate-call.ts';
import { list, object, scalar, unknown, type Value } from './value.ts';

/** Evaluates expressions, each once, and lays what comes out over the imported value at the same place. */
export class Evaluation {
  readonly #run: Run;
  #depth = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Never throws; what goes wrong is a problem and an unknown value. Asked for again while it runs: a cycle. */
  evaluate(x: Expr, scope: Scope): Value {
    if (x.value) return x.value;
    if (x.isEvaluating) {
      this.#run.problems.error(x.source, x.at, `cyclic reference to ${x.path}`);
      return unknown(x, true);
    }
    x.isEvaluating = true;
    this.#depth++;
    try {
      if (this.#depth > EVALUATION_LIMITS.expressionDepth) {
        throw new LimitReached(`references lead through more than ${EVALUATION_LIMITS.expressionDepth} values`);
      }
      this.#run.budget.spend();
      x.value = this.#layered(x, scope);
    } catch (error) {
      reportLimit(this.#run, error, x.source, x.at);
      x.value = unknown(x, true);
    } finally {
      this.#depth--;
      x.isEvaluating = false;
    }
    return x.value;
  }

  #layered(x: Expr, scope: Scope): Value {
    if (x.base?.final) {
      this.#run.problems.warning(x.source, x.at, 'cannot override final value');
      return x.base;
    }
    return this.#run.merges.merge(this.#own(x, scope), x.base);
  }

  #own(x: Expr, scope: Scope): Value {
    const { expression } = x;
    switch (expression?.kind) {
      case undefined:
        return unknown(x, true);
      case 'literal':
        return scalar(x, expression.value);
      case 'interpolation':
        return this.#interpolation(x, scope, expression.parts);
      case 'reference':
        // What is referred to is shared, and blamed on whoever refers to it.
        return { ...evaluateAccess(this.#run, scope, x, expression.access), origin: x };
      case 'list':
        return list(
          x,
          x.items.map((item) => this.evaluate(item, scope)),
        );
      case 'object':
        return this.#object(x, scope, expression.keys);
      case 'unary':
        return evaluateUnary(this.#run, scope, x, expression.name);
      case 'join':
      case 'split':
        return evaluatePair(this.#run, scope, x, expression.kind);
      case 'validate':
        return evaluateValidate(this.#run, scope, x);
      case 'open':
        return evaluateOpen(this.#run, scope, x, expression.provider);
      case 'secret':
        return scalar({ source: x.source, at: expression.textAt }, expression.plaintext, { secret: true });
      case 'ciphertext':
        return this.#ciphertext(x, scope, expression.ciphertext);
    }
  }

  /** In the order of the names, so that of two members in a cycle always the same one is blamed. */
  #object(x: Expr, scope: Scope, keys: readonly string[]): Value {
    const members = new Map<string, Value>();
    for (const key of keys) {
      const member = x.members.get(key);
      if (member) members.set(key, this.evaluate(member, scope));
    }
    return object(x, members, undefined, { members });
  }

  #interpolation(x: Expr, scope: Scope, parts: readonly InterpolationPart[]): Value {
    let text = '';
    let secret = false;
    const unknowns: Value[] = [];
    for (const part of parts) {
      text += part.text;
      if (!part.access) continue;
      const value = evaluateAccess(this.#run, scope, x, part.access);
      const form = textForm(value);
      secret ||= form.secret;
      if (form.unknown) unknowns.push(value);
      text = limitText(text + form.text);
    }
    if (unknowns.length > 0) return unknown(x, { type: 'string' }, awaitsOf(unknowns), { secret });
    return scalar(x, limitText(text), { secret });
  }

  #ciphertext(x: Expr, scope: Scope, stored: string): Value {
    const { mode, showSecrets = false, decrypt } = this.#run.options;
    const hidden = unknown(x, { type: 'string' }, undefined, { secret: true });
    const unpacked = unpackCiphertext(stored);
    if ('problem' in unpacked) {
      this.#run.problems.error(x.source, x.at, `invalid ciphertext: ${unpacked.problem}`);
      return hidden;
    }
    if (mode === 'check' && !showSecrets) return hidden;
    const plaintext = decrypt(scope.node.key, unpacked.ciphertext);
    if (plaintext !== undefined) return scalar(x, limitText(plaintext), { secret: true });
    this.#run.problems.error(x.source, x.at, 'decrypting: this is no secret of this environment');
    return hidden;
  }
}

import type { AuditDetail, AuditEvent, AuditKind, AuditLog } from '../audit/record.ts';
import type { Step } from '../keys/plan.ts';
import type { Ring } from '../keys/ring.ts';

/** One thing that was done to a ring. */
export interface RingEvent {
  readonly kind: AuditKind;
  readonly detail: AuditDetail;
}

/**
 * Audit records of changes that were made already, and stay made whether or not the audit log takes the record now.
 *
 * What it does not take is offered again by the next `flush`, in order.
 */
export class RingRecords {
  readonly #audit: AuditLog;
  readonly #actor: string;
  readonly #waiting: AuditEvent[] = [];

  constructor(audit: AuditLog, actor: string) {
    this.#audit = audit;
    this.#actor = actor;
  }

  /** `ring` is the ring after the change. */
  add(ring: Ring, ...events: readonly RingEvent[]): void {
    for (const { kind, detail } of events) {
      const all = { ring: ring.name, gen: ring.gen, ...detail };
      this.#waiting.push({ kind, actor: this.#actor, outcome: 'granted', detail: all });
    }
  }

  /** Never throws. */
  async flush(): Promise<void> {
    try {
      for (let event = this.#waiting[0]; event; event = this.#waiting[0]) {
        await this.#audit.record(event);
        this.#waiting.shift();
      }
    } catch {
      // The change stands; its record waits.
    }
  }
}

const KINDS = {
  append: 'key.append',
  schedule: 'key.rotate',
  withdraw: 'key.remove',
  destroy: 'key.destroy',
  remove: 'key.remove',
} as const satisfies Record<Step['kind'], AuditKind>;

/** The event of a step that the plan asked for; `kid` names the new key where there is one. */
export const eventOf = ({ kind, ...step }: Step, kid: string): RingEvent => ({
  kind: KINDS[kind],
  detail: { step: kind, kid, ...step },
});

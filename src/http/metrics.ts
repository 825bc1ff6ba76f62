import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the request middleware reports. */
export interface RequestMetrics {
  storeError(kind: string): void;
  observe(route: string, method: string, status: number, ms: number): void;
}

/** What the exchange reports. */
export interface ExchangeMetrics {
  exchanged(outcome: 'granted' | 'refused', code?: string): void;
  /** A token named a key that its issuer does not have. */
  unknownKey(issuer: { readonly issuer: string }): void;
}

/** Values that are read when somebody asks, from the parts that know them. */
export interface MetricSources {
  readonly rings: () => readonly RingReading[];
  readonly clockOffsetSeconds: () => number;
  readonly auditHeadAgeSeconds: () => number;
  readonly unrecordedRefusals: () => number;
  readonly unrecordedDecisions: () => number;
  readonly inFlight: () => number;
}

export interface RingReading {
  readonly issuer: string;
  readonly gen: number;
  readonly ageSeconds: number;
  readonly keys: number;
  readonly candidates: number;
  readonly nextActivationSeconds?: number;
  readonly keyAges: readonly { readonly state: string; readonly seconds: number }[];
  readonly sealingKeys: readonly { readonly id: string; readonly documents: number }[];
  readonly rollbacks: number;
}

export interface Metrics extends RequestMetrics, ExchangeMetrics {
  issued(issuer: string, kid: string): void;
  deployed(event: 'created' | 'taken' | 'cancelled'): void;
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

/**
 * The metrics of one server, in Prometheus' text form.
 *
 * No label ever holds a name of an organization, project, stack or person.
 */
export const openMetrics = (sources: MetricSources): Metrics => {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const requests = new Histogram({
    name: 'runpass_request_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const issued = new Counter({
    name: 'runpass_issued_total',
    help: 'ID tokens issued.',
    labelNames: ['issuer', 'kid'],
    registers,
  });
  const deployments = new Counter({
    name: 'runpass_deployments_total',
    help: 'Deployments that were asked for, taken by an agent, or cancelled.',
    labelNames: ['event'],
    registers,
  });
  const storeErrors = new Counter({
    name: 'runpass_store_errors_total',
    help: 'Failed store calls.',
    labelNames: ['kind'],
    registers,
  });

  const exchanges = new Counter({
    name: 'runpass_exchanges_total',
    help: 'Token exchanges by outcome; refused ones by the code of the decision.',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const unknownKeys = new Counter({
    name: 'runpass_verify_unknown_kid_total',
    help: 'Subject tokens that named a key which their issuer does not have.',
    labelNames: ['issuer'],
    registers,
  });

  const perIssuer = (name: string, help: string, read: (ring: RingReading) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['issuer'],
      registers,
      collect() {
        this.reset();
        for (const ring of sources.rings()) {
          const value = read(ring);
          if (value !== undefined) this.set({ issuer: ring.issuer }, value);
        }
      },
    });
  };
  perIssuer('runpass_ring_gen', 'Generation of the key ring in use.', (ring) => ring.gen);
  perIssuer('runpass_ring_age_seconds', "Age of this replica's view of the key ring.", (ring) => ring.ageSeconds);
  perIssuer('runpass_jwks_keys', 'Keys in the JWKS.', (ring) => ring.keys);
  perIssuer('runpass_signer_candidates', 'Keys that may sign now.', (ring) => ring.candidates);
  perIssuer(
    'runpass_store_rollback_total',
    'Times the store gave an older ring than before.',
    (ring) => ring.rollbacks,
  );
  perIssuer(
    'runpass_next_activation_seconds',
    'Seconds until the next key starts to sign.',
    (ring) => ring.nextActivationSeconds,
  );
  new Gauge({
    name: 'runpass_key_age_seconds',
    help: 'Age of the newest key in each state.',
    labelNames: ['issuer', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { issuer, keyAges } of sources.rings()) {
        for (const { state, seconds } of keyAges) this.set({ issuer, state }, seconds);
      }
    },
  });
  new Gauge({
    name: 'runpass_kek_documents',
    help: 'Sealed keys by the sealing key that opens them.',
    labelNames: ['issuer', 'kek'],
    registers,
    collect() {
      this.reset();
      for (const { issuer, sealingKeys } of sources.rings()) {
        for (const { id, documents } of sealingKeys) this.set({ issuer, kek: id }, documents);
      }
    },
  });
  const single = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  single('runpass_clock_offset_seconds', "This host's clock minus store time.", sources.clockOffsetSeconds);
  single('runpass_audit_head_age_seconds', 'Seconds since the audit heads were signed.', sources.auditHeadAgeSeconds);
  single(
    'runpass_unrecorded_refusals_total',
    'Refusals that were counted because too many came to be recorded.',
    sources.unrecordedRefusals,
  );
  single(
    'runpass_unrecorded_decisions_total',
    'Refused exchanges that were counted because too many came to be recorded.',
    sources.unrecordedDecisions,
  );
  single('runpass_drain_inflight', 'Requests that are being answered.', sources.inFlight);

  return {
    observe: (route, method, status, ms) => requests.observe({ route, method, status: String(status) }, ms / 1000),
    issued: (issuer, kid) => issued.inc({ issuer, kid }),
    deployed: (event) => deployments.inc({ event }),
    exchanged: (outcome, code = '') => exchanges.inc({ outcome, code }),
    unknownKey: ({ issuer }) => unknownKeys.inc({ issuer: publicName(issuer) }),
    storeError: (kind) => storeErrors.inc({ kind }),
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
};

/** Issuers that everybody shares; any other could name an organization, and is one of many here. */
const SHARED_ISSUERS: ReadonlySet<string> = new Set([
  'https://token.actions.githubusercontent.com',
  'https://gitlab.com',
  'https://agent.buildkite.com',
  'https://app.terraform.io',
  'https://accounts.google.com',
]);

const publicName = (issuer: string): string => (SHARED_ISSUERS.has(issuer) ? new URL(issuer).hostname : 'other');

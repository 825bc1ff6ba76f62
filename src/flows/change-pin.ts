import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Pin, Pins } from '../exchange/pins.ts';
import type { TrustedIssuers } from '../issuers/trusted-issuer.ts';
import { type Clock, epochSeconds } from '../system.ts';
import { administratorsOnly } from './administrators-only.ts';
import { policyOf } from './read-trust.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface ChangePinParts {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly issuers: TrustedIssuers;
  readonly pins: Pins;
}

/** Which pin, of which policy. */
export interface PinPlace {
  readonly policyId: string;
  readonly pinId: string;
}

/** An id is a short text of the issuer's; it stands in decisions and audit records. */
const VALUE = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u;

/**
 * An administrator says that the immutable id behind a name is now another: the project was made anew.
 *
 * Also for a policy that a file declares: a file says what may come, a pin what came.
 */
export const movePin = async (
  parts: ChangePinParts,
  principal: Principal,
  place: PinPlace,
  value: string,
): Promise<Pin> => {
  const trace = traceOf(principal, place);
  const now = epochSeconds(parts.clock);
  const pin = await recordRefusals(parts.audit, trace, async () => {
    const found = await findPin(parts, principal, place);
    if (!VALUE.test(value)) {
      throw new Refusal('invalid_request', { problem: 'value: must be 1 to 256 printable characters' });
    }
    return found;
  });
  const { organization } = principal;
  const detail = { ...trace.detail, ...described(pin), before: pin.value, value };
  await parts.audit.record({ ...trace, outcome: 'granted', detail });
  if (!(await parts.pins.set(organization, pin.policyId, pin.id, value, now))) throw new Refusal('pin_not_found');
  return { ...pin, value, modified: now };
};

/** An administrator forgets a pin: the next grant to its name pins the id that comes along then. */
export const removePin = async (parts: ChangePinParts, principal: Principal, place: PinPlace): Promise<void> => {
  const trace = traceOf(principal, place);
  const pin = await recordRefusals(parts.audit, trace, () => findPin(parts, principal, place));
  const detail = { ...trace.detail, ...described(pin), before: pin.value };
  await parts.audit.record({ ...trace, outcome: 'granted', detail });
  if (!(await parts.pins.remove(principal.organization, pin.policyId, pin.id))) throw new Refusal('pin_not_found');
};

const traceOf = (principal: Principal, { policyId, pinId }: PinPlace) => ({
  kind: 'pin.change' as const,
  organization: principal.organization,
  actor: actorOf(principal),
  detail: { policy: policyId.slice(0, 36), pin: pinId.slice(0, 64) },
});

const described = ({ claim, name }: Pin) => ({ claim, name: name.slice(0, 256) });

const findPin = async (
  { issuers, pins }: ChangePinParts,
  principal: Principal,
  { policyId, pinId }: PinPlace,
): Promise<Pin> => {
  administratorsOnly(principal, 'change a pin');
  const { organization, policy } = await policyOf(issuers, principal.organization, policyId);
  const pin = await pins.get(organization, policy.id, pinId);
  if (!pin) throw new Refusal('pin_not_found');
  return pin;
};

import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { writeDetailed } from '../environments/evaluate/detailed.ts';
import type { Evaluation } from '../environments/evaluate/evaluate-graph.ts';
import type { ProviderOutcome } from '../environments/evaluate/run.ts';
import { openLogin } from '../environments/providers/open-login.ts';
import { sessionHolder } from '../environments/session-holder.ts';
import type { Diagnostic } from '../environments/values.ts';
import { hasErrors, loginProblems } from './check-environment.ts';
import {
  allProblems,
  evaluate,
  failed,
  loginOf,
  type OpenEnvironmentParts,
  type Opener,
  type OpenRequest,
  openerOf,
  refuseDefinition,
  rehearse,
  toolsOf,
  traceOf,
} from './environment-opener.ts';
import { recordRefusals } from './trace.ts';

/** An open session, or everything that forbids one. Warnings come with a session. */
export interface OpenedSession {
  readonly id?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A principal opens an environment: its values, and for every login that the asked values need, a token in the name
 * of the environment that declares it, under the one that was opened.
 *
 * Evaluated first with nothing opened: with an error nothing ever is. Then what is pending is called, and it is
 * evaluated again, until nothing is. The result is kept for its opener alone. What is refused leaves its trace, for whatever reason.
 */
export const openEnvironment = (
  parts: OpenEnvironmentParts,
  principal: Principal,
  organization: Organization,
  request: OpenRequest,
): Promise<OpenedSession> => {
  const trace = traceOf(principal, organization, request);
  return recordRefusals(parts.audit, trace, async () => {
    // 1. The document and what it imports: what this principal may open.
    const opener = await openerOf(parts, principal, organization, request);
    const first = evaluate(opener, request, new Map());
    const wrong = [...allProblems(opener, first), ...loginProblems(first.declared)];
    if (hasErrors(wrong)) return refuseDefinition(parts, trace, wrong);

    // 2. Its values, with everything opened that they need.
    const evaluation = await evaluateOpening(parts, opener, request, first);
    const diagnostics = allProblems(opener, evaluation);
    if (hasErrors(diagnostics)) return refuseDefinition(parts, trace, diagnostics);

    // 3. Kept for its opener, and nobody else; written down before anybody is told.
    const { value } = evaluation;
    const id = await parts.sessions.keep(
      {
        organizationId: opener.owner.id,
        holder: sessionHolder(principal),
        environment: opener.loaded.name,
        content: value ? atPlace(writeDetailed(value, { secrets: 'reveal' }), request.property ?? []) : '',
      },
      request.duration,
    );
    const detail = { ...trace.detail, duration: request.duration };
    await parts.audit.record({ ...trace, outcome: 'granted', detail });
    return { id, diagnostics };
  });
};

/** Evaluates until nothing is pending, or something is wrong: then nothing more is called. */
const evaluateOpening = async (
  parts: OpenEnvironmentParts,
  opener: Opener,
  request: OpenRequest,
  first: Evaluation,
): Promise<Evaluation> => {
  const outputs = new Map<string, ProviderOutcome>();
  const started = parts.clock.monotonicMs();
  for (let evaluation = first; ; evaluation = evaluate(opener, request, outputs)) {
    if (evaluation.calls.length === 0 || hasErrors(evaluation.diagnostics)) return evaluation;
    // Nothing is called beside a call that could never be made, or whose token could never be said.
    const wrong = failed(await rehearse(parts, opener, evaluation.calls));
    if (wrong.size > 0) return evaluate(opener, request, new Map([...outputs, ...wrong]));
    const left = parts.openingMs - (parts.clock.monotonicMs() - started);
    const tools = { ...toolsOf(parts, opener), tokensOnly: false };
    const outcomes = await Promise.all(
      evaluation.calls.map(async (call) => {
        const outcome = left > 0 ? await within(left, openLogin(loginOf(call, opener), tools)) : undefined;
        return [call.id, outcome ?? tooLate(parts)] as const;
      }),
    );
    for (const [id, outcome] of outcomes) outputs.set(id, outcome);
  }
};

const tooLate = ({ openingMs }: OpenEnvironmentParts): ProviderOutcome => ({
  error: `opening the environment took longer than ${openingMs / 1000} seconds; ask for one property, or try again`,
});

/** What comes of the work in so many milliseconds; what it does after that is for nobody. */
const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
  const end = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => end.resolve(undefined), ms);
  return Promise.race([work, end.promise]).finally(() => clearTimeout(timer));
};

/** The value of a property where it stands in the whole, of which nothing else is known. */
const atPlace = (detailed: string, path: readonly (string | number)[]): string =>
  path.reduceRight<string>((inner, step) => {
    const around =
      typeof step === 'string'
        ? `{${JSON.stringify(step.toWellFormed())}:${inner}}`
        : `[${[...Array(step).fill(NOT_OPENED), inner].join(',')}]`;
    return `{"trace":{},"value":${around}}`;
  }, detailed);

const NOT_OPENED = '{"trace":{},"value":null}';

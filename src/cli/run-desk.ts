import { readIdToken } from '../runner/id-token.ts';
import { type RunDesk, RunProblem } from '../runner/run-desk.ts';
import { Secret } from '../secret.ts';
import type { Clock } from '../system.ts';
import { apiPath } from './client.ts';
import type { RunHttp } from './run-http.ts';

/** A run, as far as it can speak for itself. */
export interface OwnRun {
  /** Base URL of the server. */
  readonly url: string;
  readonly organization: string;
  readonly id: string;
  /** Where the chosen issuer gives tokens; has a query. */
  readonly tokenUrl: string;
  readonly requestToken: Secret;
}

/** Speaks for a run by its request token, and for nobody else. */
export const openRunDesk = (run: OwnRun, http: RunHttp, clock: Clock): RunDesk => {
  const token = run.requestToken;
  const pathOf = (action: string): string => run.url + apiPath`/api/orgs/${run.organization}/runs/${run.id}` + action;
  return {
    async mint({ target, audience, lifetime }, signal) {
      const query = new URLSearchParams({
        ...(target && { target }),
        ...(audience !== undefined && { audience }),
        ...(lifetime !== undefined && { lifetime: String(lifetime) }),
      });
      const askedMs = clock.nowMs();
      const answer = await http.send({ method: 'GET', url: `${run.tokenUrl}&${query}`, token, signal });
      const { value } = Object(answer) as { readonly value?: unknown };
      const minted = typeof value === 'string' ? readIdToken(new Secret(value), askedMs) : undefined;
      if (!minted) throw new RunProblem('refused', `${run.url} did not answer with an ID token.`);
      return minted;
    },
    async renew() {
      await http.send({ method: 'POST', url: pathOf('/renew'), token });
    },
    async finish(status) {
      await http.send({ method: 'POST', url: pathOf('/finish'), token, body: { status } });
    },
  };
};

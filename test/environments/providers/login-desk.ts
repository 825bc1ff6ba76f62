import assert from 'node:assert/strict';
import type { Clouds } from '../../../src/clouds/clouds.ts';
import { plainFrom } from '../../../src/environments/evaluate/plain.ts';
import { type LoginOutcome, openLogin } from '../../../src/environments/providers/open-login.ts';
import type { LoginContext } from '../../../src/environments/providers/token-for.ts';
import { Secret } from '../../../src/secret.ts';
import type { Draft } from '../../../src/tokens/draft.ts';
import { type FakeCloud, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { TOKEN } from '../../clouds/refused.ts';
import { CONTEXT, ISSUERS, jsonOf } from './openings.ts';

/** What a test changes of an ordinary opening. */
export interface Changes {
  readonly context?: LoginContext;
  readonly tokensOnly?: boolean;
  readonly clouds?: Clouds;
  readonly mint?: () => Promise<Secret>;
}

/** Opens logins against a cloud of this test, and writes down what would have been signed. */
export interface LoginDesk {
  readonly cloud: FakeCloud;
  readonly minted: { readonly draft: Draft; readonly issuer: string; readonly lifetime: number }[];
  open(provider: string, inputs: unknown, changes?: Changes): Promise<LoginOutcome>;
  /** The output, as JSON; fails the test where there is none. */
  opened(provider: string, inputs: unknown, changes?: Changes): Promise<unknown>;
  /** The sentence for the author; fails the test where there is none. */
  failed(provider: string, inputs: unknown, changes?: Changes): Promise<string>;
  /** Forgets what was asked and minted. */
  clear(): void;
}

export const startLoginDesk = async (): Promise<LoginDesk> => {
  const cloud = await startFakeCloud();
  const minted: LoginDesk['minted'] = [];
  const record = async (draft: Draft, issuer: string, lifetime: number): Promise<Secret> => {
    minted.push({ draft, issuer, lifetime });
    return new Secret(TOKEN);
  };
  const open: LoginDesk['open'] = (provider, inputs, { context = CONTEXT, ...changes } = {}) =>
    openLogin(
      { provider, inputs: plainFrom(inputs), context },
      {
        issuers: ISSUERS,
        rules: { vaultAudience: 'prefixed' },
        clouds: cloud.clouds,
        tokensOnly: false,
        mint: record,
        ...changes,
      },
    );
  return {
    cloud,
    minted,
    open,
    async opened(provider, inputs, changes) {
      const outcome = await open(provider, inputs, changes);
      return 'output' in outcome ? jsonOf(outcome.output) : assert.fail(outcome.error);
    },
    async failed(provider, inputs, changes) {
      const outcome = await open(provider, inputs, changes);
      return 'error' in outcome ? outcome.error : assert.fail(JSON.stringify(jsonOf(outcome.output)));
    },
    clear() {
      cloud.asked.length = 0;
      minted.length = 0;
    },
  };
};

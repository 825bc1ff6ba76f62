import type { Clouds } from '../../clouds/clouds.ts';
import { CloudProblem, explain, type HintWords } from '../../clouds/problem.ts';
import { Refusal } from '../../errors.ts';
import type { Secret } from '../../secret.ts';
import type { Draft } from '../../tokens/draft.ts';
import type { Plain } from '../values.ts';
import { findInputProblems, pathText } from './inputs.ts';
import { DEBUG_OIDC_CLAIMS } from './oidc.ts';
import { LOGIN_PROVIDERS_BY_NAME } from './table.ts';
import {
  type AskedToken,
  draftFor,
  type LoginContext,
  type LoginIssuer,
  type TokenRules,
  tokenFor,
} from './token-for.ts';

/** One `fn::open` call that is to be opened now. */
export interface LoginCall {
  /** Name of the provider, without `fn::open::`. */
  readonly provider: string;
  readonly inputs: Plain;
  readonly context: LoginContext;
}

/** What opening needs, besides the call. */
export interface LoginTools {
  readonly issuers: Readonly<Record<'v1' | 'v2', LoginIssuer>>;
  readonly rules: TokenRules;
  readonly clouds: Clouds;
  /** Signs a draft, and writes down that it did. What it throws ends the whole opening. */
  mint(draft: Draft, issuer: 'v1' | 'v2', lifetime: number): Promise<Secret>;
  /** The outcome is then the ID token, or null for a call that needs none, and no cloud is called. */
  readonly tokensOnly: boolean;
}

/** What came of a call: credentials among the output are texts, as everything in it. `error` is for the author. */
export type LoginOutcome = { readonly output: Plain } | { readonly error: string };

/**
 * Opens one login: checks its inputs, mints its ID token where it needs one, and turns that into credentials.
 *
 * A cloud that refuses, and a token that cannot be said truthfully, are errors of this call. Nothing else is caught.
 */
export const openLogin = async (call: LoginCall, tools: LoginTools): Promise<LoginOutcome> => {
  const { inputs, context } = call;
  // 1. The provider, and what its author wrote.
  const provider = LOGIN_PROVIDERS_BY_NAME.get(call.provider);
  if (!provider) return { error: `unknown provider ${JSON.stringify(call.provider.slice(0, 100))}` };
  const wrong = inputErrors(call);
  if (wrong !== undefined) return { error: wrong };

  // 2. The token that it needs: all that it will say comes from the context.
  const asked = tokenFor(provider, inputs, context, tools.rules);
  const drafted = asked && draftOrRefusal(provider.name, asked, context, tools);
  if (drafted && 'error' in drafted) return drafted;

  // 3. A preview of that, and nothing is signed.
  if (provider === DEBUG_OIDC_CLAIMS) return { output: tools.tokensOnly ? null : claimsOf(drafted, asked, tools) };

  // 4. The token.
  const token = asked && drafted && (await tools.mint(drafted.draft, asked.issuer, asked.lifetime));
  if (tools.tokensOnly) return { output: token?.reveal() ?? null };

  // 5. What the cloud gives for it.
  try {
    return { output: await provider.open(inputs, token, tools.clouds) };
  } catch (problem) {
    if (problem instanceof CloudProblem) return { error: explain(problem, WORDS) };
    throw problem;
  }
};

/** What an author of an environment can look at, and change. */
const WORDS: HintWords = {
  claims: 'what fn::open::debug-oidc-claims shows',
  project: '"project" (the project\'s number)',
  shorten: 'list fewer "subjectAttributes"',
};

/** What forbids the call because of its inputs, in one text; `undefined` when nothing does. */
const inputErrors = ({ provider: name, inputs }: Pick<LoginCall, 'provider' | 'inputs'>): string | undefined => {
  const provider = LOGIN_PROVIDERS_BY_NAME.get(name);
  const wrong = provider ? findInputProblems(provider, inputs).filter(({ severity }) => severity === 'error') : [];
  return wrong.length === 0
    ? undefined
    : wrong.map(({ path, summary }) => sentence(pathText(path), summary)).join('; ');
};

const sentence = (path: string, summary: string): string =>
  path === '' || summary.startsWith(path) || summary.startsWith('fn::') ? summary : `${path}: ${summary}`;

const draftOrRefusal = (
  name: string,
  asked: AskedToken,
  context: LoginContext,
  { issuers }: LoginTools,
): { readonly draft: Draft } | { readonly error: string } => {
  try {
    return { draft: draftFor({ name }, asked, context, issuers[asked.issuer]) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { error: refusal.message };
    throw refusal;
  }
};

const claimsOf = (
  drafted: { readonly draft: Draft } | undefined,
  asked: AskedToken | undefined,
  { issuers }: LoginTools,
): Plain => {
  if (!drafted || !asked) throw new Error('a preview always has a draft');
  const { sub, aud, claims } = drafted.draft;
  return new Map(Object.entries({ iss: issuers[asked.issuer].url, sub, aud, ...claims }));
};

import { KUBERNETES } from '../../../src/trust/kubernetes/kubernetes.ts';
import { KUBERNETES_REASONS } from '../../../src/trust/kubernetes/reasons.ts';
import { isUnusable } from '../../../src/trust/verdict.ts';
import { readWritten } from '../../../src/trust/written.ts';
import { OURS } from '../presented.ts';
import { means } from './means.ts';
import { ON_PURPOSE, presentedOf, type Question } from './questions.ts';

/** Why the API server did not load a document, or did not take a token; otherwise who it is of. */
export interface KubernetesAnswer {
  readonly load?: readonly string[];
  readonly denied?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** How our answer differs from the API server's, in words; nothing where both say the same for the same reason. */
export const kubernetesDifference = (question: Question, theirs: KubernetesAnswer): string | undefined => {
  const messages = theirs.load ?? (theirs.denied === undefined ? [] : [theirs.denied]);
  const there = messages.length === 0 ? `admits ${theirs.user}` : messages.join(' and ');
  const written = readWritten(question.document);
  const read = isUnusable(written) ? written : KUBERNETES.read(written);
  if (isUnusable(read)) {
    if (read.problem.includes('does not evaluate')) return `${ON_PURPOSE}what is not evaluated`;
    if (read.problem.startsWith('jwt is no list') && theirs.denied === 'denied ')
      return `${ON_PURPOSE}no authenticator`;
    return theirs.load ? undefined : `cannot be read here: ${read.problem}; there: ${there}`;
  }
  if (question.document.includes('!(!')) return `${ON_PURPOSE}twice not`;
  const { reasons } = read.evaluate(presentedOf(question), OURS);
  const codes = reasons.map(({ code }) => code as keyof typeof KUBERNETES_REASONS);
  if (codes.length === 0) return messages.length === 0 ? undefined : `admitted here; there: ${there}`;
  const isSame = codes.some((code) =>
    KUBERNETES_REASONS[code].some((text) => messages.some((message) => means(text, message))),
  );
  return isSame ? undefined : `${codes.join(', ')} here; there: ${there}`;
};

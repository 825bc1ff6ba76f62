import { readSubject, type Subject } from '../tokens/subject.ts';
import type { OurSide } from './verdict.ts';

/**
 * Which name in a subject of ours exists no more, as the end of a sentence: `names the stack core/dev, which …`.
 *
 * Whoever makes it again gets what the document grants. `undefined`: all exist, or it is not known which do, or the
 * text is no subject, or that of another organization.
 */
export const nameGone = (text: string, { known, organization, subjectPrefix }: OurSide): string | undefined => {
  const subject = readSubject(subjectPrefix, text) ?? readBeginning(subjectPrefix, text);
  if (!subject || !('org' in subject) || subject.org !== organization) return undefined;
  const gone = (what: string, name: string): string => `names the ${what} ${name}, which does not exist`;
  if (subject.form === 'environment') {
    const { project, name } = subject.environment;
    return known.environments?.includes(`${project}/${name}`) === false ? gone('environment', `${project}/${name}`) : undefined;
  }
  if (subject.form !== 'run' || subject.project === undefined) return undefined;
  const { project, stack } = subject;
  if (known.projects?.includes(project) === false) return gone('project', project);
  if (stack !== undefined && known.stacks?.includes(`${project}/${stack}`) === false) {
    return gone('stack', `${project}/${stack}`);
  }
  return undefined;
};

/** A text that ends in the middle of a subject, behind a whole component. */
const readBeginning = (prefix: string, text: string): Subject | undefined => {
  const whole = text.replace(/(?::(?:project|stack|operation|scope))?:[*]?$/, '');
  return whole === text ? undefined : readSubject(prefix, whole);
};

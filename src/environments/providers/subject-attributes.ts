import { SUBJECT_ATTRIBUTES, type SubjectAttribute } from '../../tokens/subject.ts';
import type { SchemaObject } from '../evaluate/schema.ts';
import type { Plain } from '../values.ts';
import { error, type InputProblem, textsInput } from './inputs.ts';

/** The input by which an author composes a subject: a closed list, since each of them is attested. Contract 2.4. */
export const SUBJECT_ATTRIBUTES_SCHEMA: SchemaObject = {
  type: 'array',
  description: "Attributes that make up the token's subject, in this order.",
  items: { type: 'string', enum: SUBJECT_ATTRIBUTES },
};

/** The attributes in the author's order; an empty list is as good as none. */
export const subjectAttributes = (inputs: Plain, ...path: readonly string[]): readonly SubjectAttribute[] =>
  textsInput(inputs, ...path).map((text) => {
    const known = SUBJECT_ATTRIBUTES.find((attribute) => attribute === text);
    if (known === undefined) throw new Error('the subject attributes were not checked');
    return known;
  });

/** One attribute twice would say nothing more, and is no subject that anybody means. */
export const subjectAttributeProblems = (inputs: Plain, ...path: readonly string[]): readonly InputProblem[] => {
  const texts = textsInput(inputs, ...path);
  return texts.flatMap((text, index) =>
    texts.indexOf(text) < index ? [error([...path, index], `${JSON.stringify(text)} is listed twice`)] : [],
  );
};

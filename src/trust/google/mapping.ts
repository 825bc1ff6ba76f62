import type { Evaluation } from '../cel.ts';
import { type Failed, firstFailed, quoted } from '../cel-checks.ts';
import { shown } from '../denials.ts';
import type { Presented } from '../verdict.ts';
import { type Path, pathText } from '../written.ts';
import { FUNCTIONS, type GoogleTrust, type Mapping } from './document.ts';
import type { GoogleDenial } from './reasons.ts';

/** Limits of IAM, `WorkloadIdentityPoolProvider.attributeMapping` and `attributeCondition`. */
export const MAPPING_LIMITS = {
  expression: 2048,
  condition: 4096,
  attributes: 50,
  key: 100,
  subjectBytes: 127,
  totalBytes: 8192,
} as const;

/** What a token's claims become: what conditions and IAM bindings see. */
export interface Mapped {
  readonly google: Readonly<Record<string, unknown>>;
  readonly attribute: Readonly<Record<string, unknown>>;
}

const TARGET = /^(?:google\.(?:subject|groups)|attribute\.[a-z0-9_]{1,100})$/;

/** What Google refuses to save. */
export const mappingForm = (
  { at, mappings, condition }: GoogleTrust,
  { claims }: Presented,
): readonly GoogleDenial[] => {
  const denials: GoogleDenial[] = [];
  const whole: Path = [...at.provider, 'attributeMapping'];
  if (!mappings.some(({ target }) => target === 'google.subject')) {
    denials.push({
      code: 'google_subject_unmapped',
      condition: pathText(whole),
      wanted: 'google.subject',
      presented: mappings.map(({ target }) => target).join(', '),
      edit: 'Write google.subject: assertion.sub.',
      changes: [{ at: [...whole, 'google.subject'], value: 'assertion.sub' }],
    });
  }
  for (const { target, text, compiled } of mappings) {
    const place: Path = [...whole, target];
    const common = { condition: pathText(place), presented: text };
    const without = {
      edit: target === 'google.subject' ? 'Write google.subject: assertion.sub.' : `Leave ${target} out.`,
      changes: [{ at: place, ...(target === 'google.subject' && { value: 'assertion.sub' }) }],
    };
    if (!TARGET.test(target)) {
      const wanted = 'google.subject, google.groups, or attribute. and a name of a-z, 0-9 and _';
      denials.push({
        ...common,
        code: 'google_mapping_form',
        wanted,
        presented: target,
        edit: `Leave ${target} out, or name it attribute.<name> with a-z, 0-9 and _ only.`,
        changes: [{ at: place }],
      });
    } else if (text.length > MAPPING_LIMITS.expression) {
      const wanted = `at most ${MAPPING_LIMITS.expression} characters`;
      denials.push({ ...common, code: 'google_mapping_form', wanted, ...without });
    } else if ('problem' in compiled) {
      denials.push({
        ...common,
        code: 'google_mapping_invalid',
        wanted: 'a CEL expression on assertion',
        presented: `${text} ${compiled.problem}`,
        ...without,
      });
    }
  }
  const custom = mappings.filter(({ target }) => target.startsWith('attribute.'));
  if (custom.length > MAPPING_LIMITS.attributes) {
    denials.push({
      code: 'google_mapping_form',
      condition: pathText(whole),
      wanted: `at most ${MAPPING_LIMITS.attributes} attributes`,
      presented: String(custom.length),
      edit: `Keep ${MAPPING_LIMITS.attributes} attributes.`,
      changes: custom.slice(MAPPING_LIMITS.attributes).map(({ target }) => ({ at: [...whole, target] })),
    });
  }
  const { text = '', compiled } = condition ?? {};
  if (!compiled || (!('problem' in compiled) && text.length <= MAPPING_LIMITS.condition)) return denials;
  const place: Path = [...at.provider, 'attributeCondition'];
  const bySubject = `assertion.sub == ${quoted(shown(claims['sub']))}`;
  return [
    ...denials,
    {
      code: 'google_condition_invalid',
      condition: pathText(place),
      wanted: 'problem' in compiled ? 'a CEL expression on assertion, google and attribute' : 'at most 4096 characters',
      presented: 'problem' in compiled ? `${text} ${compiled.problem}` : `${text.length} characters`,
      edit: `Write a condition that can be read, such as ${bySubject}.`,
      changes: [{ at: place, value: bySubject }],
    },
  ];
};

/** Maps a token's claims; what was mapped before something failed is there, too. */
export const mapped = (
  { at, mappings }: GoogleTrust,
  { claims }: Presented,
): { readonly values: Mapped; readonly denials: readonly GoogleDenial[] } => {
  const denials: GoogleDenial[] = [];
  const values: { google: Record<string, unknown>; attribute: Record<string, unknown> } = { google: {}, attribute: {} };
  let bytes = 0;
  for (const mapping of mappings) {
    const { target, compiled } = mapping;
    if ('problem' in compiled) continue;
    const place: Path = [...at.provider, 'attributeMapping', target];
    const evaluation = compiled.evaluate({ assertion: claims });
    const denial = problemWithMapped(mapping, evaluation, claims['sub'], place);
    if (denial) denials.push(denial);
    if (!('value' in evaluation)) continue;
    const [of = '', name = ''] = target.split('.', 2);
    if (of === 'google' || of === 'attribute') values[of][name] = evaluation.value;
    bytes += Buffer.byteLength(shown(evaluation.value));
  }
  if (bytes > MAPPING_LIMITS.totalBytes) {
    const wanted = `at most ${MAPPING_LIMITS.totalBytes} bytes together`;
    const condition = pathText([...at.provider, 'attributeMapping']);
    denials.push({
      code: 'google_mapped_too_large',
      condition,
      wanted,
      presented: `${bytes} bytes`,
      edit: 'Map fewer attributes, or shorter ones.',
    });
  }
  return { values, denials };
};

const problemWithMapped = (
  { target, text }: Mapping,
  evaluation: Evaluation,
  sub: unknown,
  place: Path,
): GoogleDenial | undefined => {
  const isSubject = target === 'google.subject';
  const bySub = {
    edit: isSubject ? 'Write google.subject: assertion.sub.' : `Leave ${target} out.`,
    changes: [{ at: place, ...(isSubject && { value: 'assertion.sub' }) }],
  };
  const common = { condition: pathText(place) };
  if (!('value' in evaluation)) {
    return { ...common, code: 'google_mapping_failed', wanted: text, presented: evaluation.failure, ...bySub };
  }
  const { value } = evaluation;
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (isSubject ? typeof value !== 'string' : typeof value !== 'string' && !isTexts) {
    return {
      ...common,
      code: 'google_mapped_type',
      wanted: isSubject ? 'a text' : 'a text or a list of texts',
      presented: shown(value),
      ...bySub,
    };
  }
  if (!isSubject) return undefined;
  if (value === '')
    return { ...common, code: 'google_subject_empty', wanted: 'a text that is not empty', presented: '', ...bySub };
  const bytes = Buffer.byteLength(String(value));
  if (bytes <= MAPPING_LIMITS.subjectBytes) return undefined;
  const shorter = shorterSubject(String(value), String(sub));
  return {
    ...common,
    code: 'google_subject_too_long',
    wanted: `at most ${MAPPING_LIMITS.subjectBytes} bytes`,
    presented: `${bytes} bytes: ${String(value)}`,
    edit:
      shorter === undefined
        ? 'Shorten the subject: let the organization name fewer components, or map a claim that is shorter.'
        : `Write google.subject: ${shorter}.`,
    ...(shorter !== undefined && { changes: [{ at: place, value: shorter }] }),
  };
};

/** CEL that drops the fixed beginning of a subject of ours, where that makes it short enough and loses nothing. */
const shorterSubject = (value: string, sub: string): string | undefined => {
  const fixed = /^[^:]+:(?:deploy|environments):org:/.exec(sub)?.[0];
  if (value !== sub || fixed === undefined) return undefined;
  const rest = sub.slice(fixed.length).replace(/:scope:write$/, '');
  if (Buffer.byteLength(rest) > MAPPING_LIMITS.subjectBytes) return undefined;
  const end = sub.endsWith(':scope:write') ? ':scope:write' : '';
  return `assertion.sub.extract("${fixed}{subject}${end}")`;
};

/** Weighs the condition with the claims and with what they were mapped to. */
export const condition = (
  { at, condition: written }: GoogleTrust,
  { claims }: Presented,
  values: Mapped,
): readonly GoogleDenial[] => {
  if (!written || 'problem' in written.compiled) return [];
  const variables = { assertion: claims, google: values.google, attribute: values.attribute };
  const failed = firstFailed(written.compiled, { variables, functions: FUNCTIONS, subject: 'assertion.sub' });
  if (!failed) return [];
  const unmapped = unmappedAttribute(failed, claims, values);
  if (unmapped) return [attributeDenial(at.provider, unmapped, failed)];
  const place: Path = [...at.provider, 'attributeCondition'];
  const failure = 'failure' in failed.evaluation ? failed.evaluation.failure : undefined;
  return [
    {
      code: failure === undefined ? 'google_condition_false' : 'google_condition_failed',
      condition: `${pathText(place)}: ${failed.check.part.text}`,
      wanted: failed.check.wanted,
      presented: failed.presented,
      edit: failed.edit,
      ...(failed.edited !== undefined && { changes: [{ at: place, value: failed.edited }] }),
    },
  ];
};

/** The attribute that a condition compares, where nobody mapped it and the token has a claim of its name. */
const unmappedAttribute = ({ check }: Failed, claims: Presented['claims'], values: Mapped): string | undefined => {
  const { name, parts } = check.compared?.subject ?? {};
  const isAttribute = parts?.[0]?.kind === 'name' && parts[0].name === 'attribute';
  if (!isAttribute || name === undefined || Object.hasOwn(values.attribute, name)) return undefined;
  return typeof claims[name] === 'string' ? name : undefined;
};

const attributeDenial = (provider: Path, name: string, { check }: Failed): GoogleDenial => {
  const [target, value] = [`attribute.${name}`, `assertion.${name}`];
  return {
    code: 'google_condition_unmapped',
    condition: `${pathText([...provider, 'attributeCondition'])}: ${check.part.text}`,
    wanted: check.wanted,
    presented: '',
    edit: `Map the attribute: write ${target}: ${value} into attributeMapping.`,
    changes: [{ at: [...provider, 'attributeMapping', target], value }],
  };
};

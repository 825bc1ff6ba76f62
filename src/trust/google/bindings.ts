import { type Path, pathText } from '../written.ts';
import type { GoogleTrust, ProviderName } from './document.ts';
import type { Mapped } from './mapping.ts';
import type { GoogleDenial } from './reasons.ts';

/** Lets a federated identity act as the service account. */
const IMPERSONATES = ['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator'];

/** Roles of somebody's own may hold the permission, too; their content is not in any document here. */
export const mayImpersonate = (role: string): boolean =>
  IMPERSONATES.includes(role) || /^(?:projects|organizations)\//.test(role);

/** A member of a binding that speaks of a workload identity pool. */
export interface Member {
  readonly set: boolean;
  readonly project: string;
  readonly pool: string;
  /** `subject`, `group`, `attribute.NAME`, or `*`: everybody in the pool. */
  readonly kind: string;
  readonly value: string;
}

const MEMBER =
  /^(principal|principalSet):\/\/iam\.googleapis\.com\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/(?:(subject|group|attribute\.[^/]+)\/([\s\S]+)|(\*))$/;

/** `undefined`: not about a pool at all, or in no form that IAM knows. */
export const readMember = (member: string): Member | undefined => {
  const [, scheme, project = '', pool = '', kind = '*', value = '*'] = MEMBER.exec(member) ?? [];
  return scheme === undefined ? undefined : { set: scheme === 'principalSet', project, pool, kind, value };
};

/** Why IAM never matches a member, whoever comes; the end of a sentence that begins with the member. */
export const whyNever = (member: string): { readonly code: GoogleDenial['code']; readonly why: string } | undefined => {
  if (!/^principal(?:Set)?:/.test(member) || !member.includes('workloadIdentityPools')) return undefined;
  const read = readMember(member);
  if (!read) return { code: 'google_binding_form', why: 'has no form that IAM knows' };
  if (!/^\d+$/.test(read.project)) {
    return {
      code: 'google_binding_project_id',
      why: `names the project by its id "${read.project}" and not by its number`,
    };
  }
  const isWildcard = read.kind === '*' ? !read.set : read.value.includes('*');
  if (isWildcard)
    return { code: 'google_binding_wildcard', why: 'holds a wildcard, which only principalSet://…/* may' };
  if (read.set === (read.kind === 'subject')) {
    const scheme = read.set ? 'principal' : 'principalSet';
    return {
      code: 'google_binding_form',
      why: `must begin with ${scheme}:// because it names ${read.kind.startsWith('attribute') ? 'an' : 'a'} ${read.kind}`,
    };
  }
  return undefined;
};

/** Which of a pool's identities the token becomes, as IAM writes it. */
const principalOf = ({ project, pool }: Pick<ProviderName, 'project' | 'pool'>, subject: string): string =>
  `principal://iam.googleapis.com/projects/${project}/locations/global/workloadIdentityPools/${pool}/subject/${subject}`;

interface Place {
  readonly member: string;
  readonly role: string;
  readonly at: Path;
}

/** Does some binding let the mapped identity act as the service account, and if none: which should have? */
export const bindings = (trust: GoogleTrust, values: Mapped): readonly GoogleDenial[] => {
  const places = placesOf(trust);
  if (!places || !trust.at.policy) return [];
  const granting = places.filter(({ role }) => mayImpersonate(role));
  if (granting.some(({ member }) => differs(trust, values, member) === undefined)) return [];
  const subject = String(values.google['subject'] ?? '');
  const wanted = trust.name && principalOf(trust.name, subject);

  const elsewhere = places.find(({ role, member }) => !mayImpersonate(role) && !differs(trust, values, member));
  if (elsewhere) {
    const place = elsewhere.at.slice(0, -2);
    return [
      {
        code: 'google_binding_role',
        condition: pathText([...place, 'role']),
        wanted: IMPERSONATES[0] ?? '',
        presented: elsewhere.role,
        edit: `Grant roles/iam.workloadIdentityUser on the service account to ${elsewhere.member}.`,
        changes: [{ at: [...place, 'role'], value: IMPERSONATES[0] }],
      },
    ];
  }
  const nearest = granting
    .flatMap((place) => {
      const why = differs(trust, values, place.member);
      return why?.code === undefined ? [] : [{ ...place, ...why, code: why.code }];
    })
    .toSorted((left, right) => CLOSENESS.indexOf(right.code) - CLOSENESS.indexOf(left.code))[0];
  const instead = nearest ? (nearest.instead ?? wanted) : wanted;
  const count = trust.bindings?.length ?? 0;
  const added = { role: IMPERSONATES[0], members: [instead] };
  const place: Path = [...trust.at.policy, 'bindings'];
  const append = count === 0 ? { at: place, value: [added] } : { at: [...place, count], value: added };
  const change = nearest ? { at: nearest.at, value: instead } : append;
  return [
    {
      code: nearest?.code ?? 'google_binding_missing',
      condition: pathText(nearest?.at ?? place),
      wanted: nearest?.member ?? `a binding of ${IMPERSONATES[0]}`,
      presented: nearest?.presented ?? wanted ?? subject,
      edit: editSentence(nearest, instead),
      ...(instead !== undefined && { changes: [change] }),
    },
  ];
};

const editSentence = (nearest: object | undefined, instead: string | undefined): string => {
  if (instead === undefined) return 'Hand over the provider with its name, so that the principal can be written.';
  return nearest ? `Write ${instead}.` : `Add a binding of roles/iam.workloadIdentityUser to ${instead}.`;
};

const placesOf = ({ at, bindings: all }: GoogleTrust): readonly Place[] | undefined =>
  all?.flatMap(({ role, members }, index) =>
    members.map((member, inside) => ({
      member,
      role,
      at: [...(at.policy ?? []), 'bindings', index, 'members', inside],
    })),
  );

/** Later ones are nearer to what is right. */
const CLOSENESS: readonly GoogleDenial['code'][] = [
  'google_binding_pool',
  'google_binding_attribute_unmapped',
  'google_binding_attribute',
  'google_binding_subject',
  'google_binding_form',
  'google_binding_wildcard',
  'google_binding_project_id',
];

interface Difference {
  /** Absent: not about a pool. */
  readonly code?: GoogleDenial['code'];
  readonly presented?: string;
  /** The member that would match, where that is not the token's own principal. */
  readonly instead?: string;
}

/** A member in the forms that its author may have meant, none of which is refused for its form. */
const mended = ({ name }: GoogleTrust, text: string): readonly string[] => {
  const numbered = name ? text.replace(/\/projects\/[^/]+\//, `/projects/${name.project}/`) : text;
  const other = numbered.startsWith('principalSet:')
    ? numbered.replace('principalSet:', 'principal:')
    : numbered.replace('principal:', 'principalSet:');
  return [numbered, other].filter((each) => whyNever(each) === undefined);
};

/** Why a member is not the mapped identity; `undefined`: it is. */
const differs = (trust: GoogleTrust, values: Mapped, text: string): Difference | undefined => {
  const { name, mappings } = trust;
  const never = whyNever(text);
  if (never) {
    const instead = mended(trust, text).find((other) => differs(trust, values, other) === undefined);
    return { code: never.code, presented: never.why, ...(instead !== undefined && { instead }) };
  }
  const member = readMember(text);
  if (!member) return {};
  const { project, pool, kind, value } = member;
  if (name && (pool !== name.pool || (/^\d+$/.test(name.project) && project !== name.project))) {
    const own = `projects/${name.project}/…/${name.pool}`;
    return { code: 'google_binding_pool', presented: own };
  }
  if (kind === '*') return undefined;
  if (kind === 'subject') {
    const subject = String(values.google['subject'] ?? '');
    return subject === value ? undefined : { code: 'google_binding_subject', presented: subject };
  }
  const target = kind === 'group' ? 'google.groups' : kind;
  const given = kind === 'group' ? values.google['groups'] : values.attribute[kind.slice('attribute.'.length)];
  if ([given].flat().includes(value)) return undefined;
  if (!mappings.some((mapping) => mapping.target === target)) {
    return { code: 'google_binding_attribute_unmapped', presented: `${target} is not mapped` };
  }
  const presented = [given].flat().map(String).join(', ');
  const instead = typeof given === 'string' && given !== '' ? text.replace(/[^/]*$/, '') : undefined;
  const isWhole = instead !== undefined && text === `${instead}${value}`;
  return { code: 'google_binding_attribute', presented, ...(isWhole && { instead: `${instead}${String(given)}` }) };
};

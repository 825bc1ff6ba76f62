import { isJsonObject } from '../../strict-json.ts';
import { denialAt } from '../denials.ts';
import { KIND, type KubernetesTrust, VERSIONS } from './document.ts';
import type { KubernetesDenial } from './reasons.ts';

/** What keeps the API server from taking a configuration, whatever its authenticators are. */
export const wholeForm = (trust: KubernetesTrust): readonly KubernetesDenial[] => [
  ...(VERSIONS.includes(trust.version) ? [] : [wrongVersion(trust.version)]),
  ...(trust.kind === KIND ? [] : [wrongKind(trust.kind)]),
  ...(trust.authenticators.length > MOST ? [tooMany(trust.authenticators.length)] : []),
  ...anonymous(trust),
];

const MOST = 64;

const tooMany = (count: number): KubernetesDenial => ({
  code: 'kubernetes_authenticators',
  condition: 'jwt',
  wanted: `at most ${MOST} authenticators`,
  presented: String(count),
  edit: `Keep ${MOST} of them.`,
});

const wrongVersion = (version: string): KubernetesDenial => {
  const [first = ''] = VERSIONS;
  const write = { edit: `Write apiVersion: ${first}.`, value: first };
  return denialAt('kubernetes_version', ['apiVersion'], VERSIONS.join(' | '), version, write);
};

const wrongKind = (kind: string): KubernetesDenial =>
  denialAt('kubernetes_version', ['kind'], KIND, kind, { edit: `Write kind: ${KIND}.`, value: KIND });

const anonymous = ({ raw: { anonymous: found } }: KubernetesTrust): readonly KubernetesDenial[] => {
  const { enabled, conditions } = isJsonObject(found) ? found : {};
  if (enabled === true || !Array.isArray(conditions) || conditions.length === 0) return [];
  const write = { edit: 'Leave conditions out, or write enabled: true.' };
  return [
    denialAt(
      'kubernetes_anonymous_form',
      ['anonymous', 'conditions'],
      'nothing while enabled is not true',
      JSON.stringify(conditions),
      write,
    ),
  ];
};

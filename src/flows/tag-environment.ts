import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecord, EnvironmentTag } from '../environments/record.ts';
import { Refusal } from '../errors.ts';
import { authorOf, type EnvironmentParts } from './environment-parts.ts';
import { findChangeable, findEnvironment, shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals, type Trace } from './trace.ts';

export type TagEnvironmentParts = Pick<EnvironmentParts, 'audit' | 'directory' | 'environments'>;

/** Longest name of a tag that there can be. */
const MAX_SHOWN = 100;

/** All tags of an environment, in the order of their names. */
export const listEnvironmentTags = async (
  parts: TagEnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
): Promise<readonly EnvironmentTag[]> => {
  const need = { level: 'read', to: 'read' } as const;
  const environment = await findEnvironment(parts, principal, organization, target, need);
  return parts.environments.tags.list(environment);
};

export const readEnvironmentTag = async (
  parts: TagEnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  name: string,
): Promise<EnvironmentTag> => {
  const tags = await listEnvironmentTags(parts, principal, organization, target);
  const tag = tags.find((candidate) => candidate.name === name);
  if (!tag) throw new Refusal('tag_not_found', { environment: shownEnvironment(target), tag: shownTag(name) });
  return tag;
};

/** What is done to a tag of an environment. */
export type EnvironmentTagRequest =
  | { readonly change: 'create'; readonly name: string; readonly value: string }
  | {
      readonly change: 'update';
      readonly name: string;
      /** The value that the tag is thought to have: with another one nothing is changed. */
      readonly expected: string;
      /** Absent: as it is. */
      readonly newName?: string;
      readonly newValue?: string;
    }
  | { readonly change: 'delete'; readonly name: string };

/** A principal labels an environment, for people and lists: nothing is decided by these tags. */
export const tagEnvironment = async (
  parts: TagEnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  request: EnvironmentTagRequest,
): Promise<EnvironmentTag | undefined> => {
  const { audit, environments } = parts;
  const { change, name } = request;
  const shown = { environment: shownEnvironment(target), tag: shownTag(name) };
  const newName = request.change === 'update' && request.newName !== undefined ? shownTag(request.newName) : undefined;
  const trace: Trace = {
    kind: 'environment.tag',
    organization: organization.name,
    actor: actorOf(principal),
    detail: { ...shown, change, ...(newName !== undefined && { newName }) },
  };

  const environment = await recordRefusals(audit, trace, async () => {
    // 1. Who asks, and for which environment?
    const found = await findChangeable(parts, principal, organization, target, { level: 'write', to: 'tag' });

    // 2. A tag that is there, or is not, and is as the principal thinks it is.
    const existing = await environments.tags.get(found, name);
    if (change === 'create' && existing) throw new Refusal('tag_exists', shown);
    if (change !== 'create' && !existing) throw new Refusal('tag_not_found', shown);
    if (request.change === 'update' && existing?.value !== request.expected) throw new Refusal('conflict');
    return found;
  });

  // 3. The trace, then the tag, where nobody else was faster.
  await audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, id: environment.id } });
  return recordRefusals(audit, trace, async () => {
    const made = await apply(parts, principal, environment, request);
    if (made === 'exists') throw new Refusal('tag_exists', { ...shown, tag: newName ?? shown.tag });
    if (made === 'too_many') throw new Refusal('limit_reached', { what: 'tags' });
    if (made === 'conflict') throw new Refusal('conflict');
    if (made === 'absent') throw new Refusal('tag_not_found', shown);
    return made;
  });
};

const apply = async (
  { environments: { tags } }: TagEnvironmentParts,
  principal: Principal,
  environment: EnvironmentRecord,
  request: EnvironmentTagRequest,
): Promise<EnvironmentTag | undefined | 'exists' | 'too_many' | 'conflict' | 'absent'> => {
  const editor = authorOf(principal);
  switch (request.change) {
    case 'create':
      return tags.create(environment, { name: request.name, value: request.value, editor });
    case 'update': {
      const { name, expected, newName, newValue } = request;
      const renamed = newName === undefined ? {} : { name: newName };
      return tags.update(environment, name, {
        expected,
        editor,
        ...renamed,
        ...(newValue !== undefined && { value: newValue }),
      });
    }
    case 'delete':
      return (await tags.delete(environment, request.name)) ? undefined : 'absent';
  }
};

const shownTag = (name: string): string => name.slice(0, MAX_SHOWN);

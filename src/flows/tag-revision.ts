import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecord, RevisionTag } from '../environments/record.ts';
import { problemWithRevisionTag } from '../environments/version.ts';
import { Refusal } from '../errors.ts';
import { authorOf, type EnvironmentParts } from './environment-parts.ts';
import { findChangeable, findEnvironment, shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals, type Trace } from './trace.ts';

export type TagRevisionParts = Pick<EnvironmentParts, 'audit' | 'directory' | 'environments'>;

/** Longest name of a tag that there can be. */
const MAX_SHOWN = 100;

/** All revision tags of an environment, `latest` among them, in the order of their names. */
export const listRevisionTags = async (
  parts: TagRevisionParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
): Promise<readonly RevisionTag[]> => {
  const need = { level: 'read', to: 'read' } as const;
  const environment = await findEnvironment(parts, principal, organization, target, need);
  return parts.environments.revisionTags.list(environment);
};

export const readRevisionTag = async (
  parts: TagRevisionParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  name: string,
): Promise<RevisionTag> => {
  const tags = await listRevisionTags(parts, principal, organization, target);
  const tag = tags.find((candidate) => candidate.name === name);
  if (!tag) throw notFound(target, name);
  return tag;
};

/** What is done to a revision tag; without a revision it points to the newest. */
export interface RevisionTagRequest {
  readonly change: 'create' | 'move' | 'delete';
  readonly name: string;
  readonly revision?: number;
}

/**
 * A principal points a tag to a revision, another one, or none.
 *
 * Whoever imports the environment by the tag gets another definition from then on: it takes what changing the
 * definition takes.
 */
export const tagRevision = async (
  parts: TagRevisionParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  request: RevisionTagRequest,
): Promise<void> => {
  const { audit, environments } = parts;
  const { change, name, revision } = request;
  const shown = { environment: shownEnvironment(target), tag: name.slice(0, MAX_SHOWN) };
  const trace: Trace = {
    kind: 'environment.tag',
    organization: organization.name,
    actor: actorOf(principal),
    detail: { ...shown, change, ...(revision !== undefined && { revision }) },
  };

  const environment = await recordRefusals(audit, trace, async () => {
    // 1. Who asks, and for which environment?
    const found = await findChangeable(parts, principal, organization, target, { level: 'write', to: 'tag' });

    // 2. A name that a tag may have, a revision that there is, and a tag that is there, or is not.
    const problem = problemWithRevisionTag(name);
    if (problem !== undefined) throw new Refusal('invalid_name', { field: 'name', problem });
    if (revision !== undefined && revision > found.latest) throw noRevision(target, revision);
    const existing = await environments.revisionTags.get(found, name);
    if (change === 'create' && existing) throw new Refusal('tag_exists', shown);
    if (change !== 'create' && !existing) throw notFound(target, name);
    return found;
  });

  // 3. The trace, then the tag, where nobody else was faster.
  const detail = { ...trace.detail, id: environment.id, revision: revision ?? environment.latest };
  await audit.record({ ...trace, outcome: 'granted', detail: change === 'delete' ? trace.detail : detail });
  await recordRefusals(audit, trace, async () => {
    const made = await apply(parts, principal, environment, request);
    if (made === 'exists') throw new Refusal('tag_exists', shown);
    if (made === 'too_many') throw new Refusal('limit_reached', { what: 'tags' });
    if (made === 'no_revision') throw noRevision(target, revision ?? 0);
    if (made === 'absent') throw notFound(target, name);
  });
};

const apply = async (
  { environments }: TagRevisionParts,
  principal: Principal,
  environment: EnvironmentRecord,
  { change, name, revision }: RevisionTagRequest,
): Promise<RevisionTag | 'exists' | 'too_many' | 'no_revision' | 'absent' | 'deleted'> => {
  const { revisionTags } = environments;
  if (change === 'delete') return (await revisionTags.delete(environment, name)) ? 'deleted' : 'absent';
  const asked = { editor: authorOf(principal), ...(revision !== undefined && { revision }) };
  return change === 'create'
    ? revisionTags.create(environment, name, asked)
    : revisionTags.update(environment, name, asked);
};

const notFound = (target: EnvironmentTarget, tag: string): Refusal =>
  new Refusal('tag_not_found', { environment: shownEnvironment(target), tag: tag.slice(0, MAX_SHOWN) });

const noRevision = (target: EnvironmentTarget, revision: number): Refusal =>
  new Refusal('revision_not_found', { environment: shownEnvironment(target), version: String(revision) });

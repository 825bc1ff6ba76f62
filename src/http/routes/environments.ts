import type { Context } from 'koa';
import type { EnvironmentTarget } from '../../access/environments.ts';
import type { EnvironmentRecord, ListedRevision } from '../../environments/record.ts';
import { Refusal } from '../../errors.ts';
import { cloneEnvironment } from '../../flows/clone-environment.ts';
import { createEnvironment } from '../../flows/create-environment.ts';
import { deleteEnvironment } from '../../flows/delete-environment.ts';
import type { EnvironmentParts } from '../../flows/environment-parts.ts';
import {
  decryptDefinition,
  listEnvironments,
  listRevisions,
  readDefinition,
  readMetadata,
} from '../../flows/read-environments.ts';
import { saveEnvironment } from '../../flows/save-environment.ts';
import { writeTime } from '../../system.ts';
import { bodyReader, readBodyText } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { answerDefinition, answerProblems, showDiagnostic, writeRevision } from './environment-answers.ts';
import { baseRevisionIn, environmentIn, numberIn, wordIn } from './environment-requests.ts';
import { addEnvironmentTagRoutes } from './environment-tags.ts';
import { answerLeftBehind, overrideQuarantine } from './quarantine.ts';

export interface EnvironmentRouteParts extends EnvironmentParts {
  readonly environmentIssuers: { readonly v2: { readonly subjectPrefix: string } };
}

const ALL = '/api/esc/environments';
const OF_ORGANIZATION = `${ALL}/:org`;
const ONE = `${OF_ORGANIZATION}/:project/:environment`;
const ENVIRONMENTS_LISTED = 100;
const MOST_REVISIONS = 100;
const DEFAULT_REVISIONS = 10;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const readCreate = bodyReader<EnvironmentTarget>({
  type: 'object',
  required: ['project', 'name'],
  additionalProperties: false,
  properties: { project: TEXT, name: TEXT },
});

interface CloneBody extends EnvironmentTarget {
  readonly version?: number;
  readonly preserveEnvironmentTags?: boolean;
  readonly preserveHistory?: boolean;
  readonly preserveRevisionTags?: boolean;
  readonly preserveAccess?: boolean;
}

const readClone = bodyReader<CloneBody>({
  type: 'object',
  required: ['project', 'name'],
  additionalProperties: false,
  properties: {
    project: TEXT,
    name: TEXT,
    version: { type: 'integer', minimum: 0, maximum: 999_999_999 },
    preserveEnvironmentTags: FLAG,
    preserveHistory: FLAG,
    preserveRevisionTags: FLAG,
    preserveAccess: FLAG,
  },
});

/** `/api/esc/environments`: definitions of environments, their revisions and tags, as stock clients use them. */
export const addEnvironmentRoutes = (door: ApiDoor, parts: EnvironmentRouteParts): void => {
  const list = async (ctx: Context): Promise<void> => {
    const { principal, organization } = await door.caller(ctx);
    const asked = wordIn(ctx, 'organization');
    if (asked !== undefined && asked !== organization.name) {
      throw new Refusal('organization_not_found', { organization: asked.slice(0, 60) });
    }
    const after = wordIn(ctx, 'continuationToken') ?? wordIn(ctx, 'after');
    const part = { count: ENVIRONMENTS_LISTED, ...(after !== undefined && { after }) };
    const { environments, next } = await listEnvironments(parts, principal, organization, part);
    ctx.body = { environments: environments.map(showEnvironment), nextToken: next ?? '' };
  };
  door.get(ALL, list);
  door.get(OF_ORGANIZATION, list);

  door.post(OF_ORGANIZATION, async (ctx) => {
    const caller = await door.caller(ctx);
    const target = await readCreate(ctx);
    await overrideQuarantine(ctx, parts, caller, { kind: 'environment', ...target });
    await createEnvironment(parts, caller.principal, caller.organization, target);
    ctx.status = 204;
  });

  // Before `/versions/:version`: `tags` is no version.
  addEnvironmentTagRoutes(door, parts);

  const read = (story: typeof readDefinition) => async (ctx: Context) => {
    const { principal, organization } = await door.caller(ctx);
    const version = parameterOf(ctx, 'version') || undefined;
    answerDefinition(ctx, await story(parts, principal, organization, environmentIn(ctx), version));
  };
  door.get(ONE, read(readDefinition));
  door.get(`${ONE}/decrypt`, read(decryptDefinition));
  door.get(`${ONE}/versions/:version`, read(readDefinition));
  door.get(`${ONE}/versions/:version/decrypt`, read(decryptDefinition));

  door.patch(ONE, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    // Clients of the contract call their YAML JSON: only the text counts.
    const change = { text: await readBodyText(ctx), ...baseRevisionIn(ctx) };
    const { saved, diagnostics } = await saveEnvironment(parts, principal, organization, environmentIn(ctx), change);
    if (!saved) {
      answerProblems(ctx, diagnostics);
      return;
    }
    writeRevision(ctx, saved.environment.id, saved.revision);
    ctx.body = { diagnostics: diagnostics.map(showDiagnostic) };
  });

  door.delete(ONE, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    answerLeftBehind(ctx, await deleteEnvironment(parts, principal, organization, environmentIn(ctx)));
  });

  door.post(`${ONE}/clone`, async (ctx) => {
    const caller = await door.caller(ctx);
    const { principal, organization } = caller;
    const { project, name, version, preserveEnvironmentTags: withTags = false, ...others } = await readClone(ctx);
    refuseWishes(others);
    await overrideQuarantine(ctx, parts, caller, { kind: 'environment', project, name });
    const copy = { project, name, withTags, ...(version !== undefined && version > 0 && { version: String(version) }) };
    const diagnostics = await cloneEnvironment(parts, principal, organization, environmentIn(ctx), copy);
    if (!answerProblems(ctx, diagnostics)) ctx.status = 204;
  });

  door.get(`${ONE}/versions`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const before = numberIn(ctx, 'before');
    const count = Math.min(numberIn(ctx, 'count') ?? DEFAULT_REVISIONS, MOST_REVISIONS);
    const part = { count, ...(before !== undefined && { before }) };
    ctx.body = (await listRevisions(parts, principal, organization, environmentIn(ctx), part)).map(showRevision);
  });

  door.get(`${ONE}/metadata`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { environment, subjectOnV2 } = await readMetadata(parts, principal, organization, environmentIn(ctx));
    const { id, declared, latest } = environment;
    ctx.body = {
      id,
      ...showEnvironment(environment),
      latestRevision: latest,
      oidcSubjectV2: subjectOnV2,
      readOnly: declared,
    };
  });
};

/** What a copy does not take along is refused, rather than forgotten. */
const refuseWishes = (wishes: Readonly<Record<string, boolean | undefined>>): void => {
  const wish = Object.keys(wishes).find((name) => wishes[name]);
  if (wish === undefined) return;
  const why = wish === 'preserveAccess' ? 'roles say who may use which names' : 'a copy begins with one revision';
  throw new Refusal('invalid_request', { problem: `${wish}: cannot be done here, ${why}.` });
};

const showEnvironment = ({ organization, project, name, created, modified }: EnvironmentRecord) => ({
  organization: organization.name,
  project,
  name,
  created: writeTime(created),
  modified: writeTime(modified),
});

const showRevision = ({ number, created, creator, tags }: ListedRevision) => ({
  number,
  created: writeTime(created),
  ...(creator && { creatorLogin: creator.login, creatorName: creator.name }),
  tags,
});

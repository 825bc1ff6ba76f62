import { isNumberText, type Plain } from '../../../environments/values.ts';
import { member } from '../../env-output/value-tree.ts';
import { unusable } from '../../failure.ts';
import { printJson, printLine, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type EnvDesk, openEnvDesk, pathOf } from './desk.ts';
import { allOf, textIn } from './ls.ts';
import { type NamedEnvironment, readNamed, readUnversioned } from './reference.ts';

export interface VersionsOptions {
  readonly limit: number;
  readonly json?: true;
}

const PAGE = 100;

/** Lists the revisions of an environment, newest first. */
export const listVersions = async (around: Surroundings, given: string, { limit, json }: VersionsOptions) => {
  const environment = readUnversioned(given);
  const desk = await openEnvDesk(around, environment.org);
  const found: Plain[] = [];
  for (let before: string | undefined; ; ) {
    const query = { before, count: Math.min(PAGE, limit - found.length) };
    const page = await desk.ask({ method: 'GET', path: `${pathOf(environment)}/versions`, query });
    const revisions: readonly Plain[] = Array.isArray(page) ? page : [];
    found.push(...revisions.slice(0, limit - found.length));
    const last = numberIn(found.at(-1), 'number');
    if (revisions.length === 0 || found.length >= limit || last === undefined || last === '1' || last === before) break;
    before = last;
  }
  const versions = found.map((one) => {
    const tags = member(one, 'tags');
    return {
      revision: Number(numberIn(one, 'number')),
      created: textIn(one, 'created'),
      creator: textIn(one, 'creatorLogin'),
      tags: Array.isArray(tags) ? tags.map(String) : [],
    };
  });
  if (json) printJson(around.stdout, { versions });
  else {
    const row = ({ revision, created, creator, tags }: (typeof versions)[number]) => [
      revision,
      created,
      creator,
      tags.join(', '),
    ];
    printTable(around.stdout, ['revision', 'created', 'creator', 'tags'], versions.map(row));
  }
};

/** Makes a tag name a revision; one that exists is moved. */
export const tagVersion = async (around: Surroundings, given: string, tag: string): Promise<void> => {
  const environment = readNamed(given);
  const desk = await openEnvDesk(around, environment.org);
  const revision = await revisionOf(desk, environment);
  const path = `${tagsOf(environment)}/${encodeURIComponent(mustBeTag(tag))}`;
  const exists = (await listed(desk, environment)).some((one) => textIn(one, 'name') === tag);
  if (exists) await desk.ask({ method: 'PATCH', path, json: { revision } });
  else await desk.ask({ method: 'POST', path: tagsOf(environment), json: { name: tag, revision } });
  printLine(around.stderr, `${environment.shown}@${tag} is revision ${revision}.`);
};

export const listTags = async (
  around: Surroundings,
  given: string,
  { json }: { readonly json?: true },
): Promise<void> => {
  const environment = readUnversioned(given);
  const desk = await openEnvDesk(around, environment.org);
  const tags = (await listed(desk, environment)).map((one) => ({
    tag: textIn(one, 'name'),
    revision: Number(numberIn(one, 'revision')),
    modified: textIn(one, 'modified'),
    editor: textIn(one, 'editorLogin'),
  }));
  if (json) printJson(around.stdout, { tags });
  else {
    const row = ({ tag, revision, modified, editor }: (typeof tags)[number]) => [tag, revision, modified, editor];
    printTable(around.stdout, ['tag', 'revision', 'modified', 'editor'], tags.map(row));
  }
};

/** `env@tag`, or the tag as a word of its own. */
export const removeTag = async (around: Surroundings, given: string, word: string | undefined): Promise<void> => {
  const environment = readNamed(given);
  const tag = word ?? environment.version;
  if (tag === undefined) throw unusable('It is not said which tag.', 'write environment@TAG');
  if (word !== undefined && environment.version !== undefined) throw unusable('Two tags are named.', 'leave one out');
  const desk = await openEnvDesk(around, environment.org);
  await desk.ask({ method: 'DELETE', path: `${tagsOf(environment)}/${encodeURIComponent(mustBeTag(tag))}` });
  printLine(around.stderr, `${environment.shown} has no tag ${tag} any more.`);
};

const tagsOf = ({ project, name }: NamedEnvironment): string =>
  `/${encodeURIComponent(project)}/${encodeURIComponent(name)}/versions/tags`;

const listed = async (desk: EnvDesk, environment: NamedEnvironment): Promise<readonly Plain[]> => {
  const tags: Plain[] = [];
  for await (const one of allOf(desk, tagsOf(environment), 'tags', 'after')) tags.push(one);
  return tags;
};

const revisionOf = async (desk: EnvDesk, environment: NamedEnvironment): Promise<number> => {
  const { version = 'latest' } = environment;
  if (/^\d+$/.test(version)) return Number(version);
  const answer = await desk.ask({ method: 'GET', path: `${tagsOf(environment)}/${encodeURIComponent(version)}` });
  return Number(numberIn(answer, 'revision'));
};

const mustBeTag = (tag: string): string => {
  if (/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(tag)) return tag;
  throw unusable(`${JSON.stringify(tag)} is no name of a tag.`, 'take A-Z, a-z, 0-9, ".", "_" and "-"');
};

const numberIn = (of: Plain | undefined, field: string): string | undefined => {
  const number = member(of, field);
  return isNumberText(number) ? number.number : undefined;
};

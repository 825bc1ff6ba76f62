import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { request } from 'undici';
import { type StaticDocuments, staticDocuments } from '../../assemble/static-documents.ts';
import { ANSWER_MS, unreachable } from '../client.ts';
import { CommandFailure, unusable } from '../failure.ts';
import { openInstallation } from '../operator.ts';
import { printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ExportOptions {
  readonly issuer: 'v1' | 'v2';
  readonly static?: string;
  readonly upload?: string;
  readonly verify?: string;
}

/** Most bytes of a published document. */
const MAX_BYTES = 100_000;

/**
 * `keys export --static DIR`: the documents of an issuer as files, the commands that publish them, and the proof that
 * they are published. Nothing is uploaded from here.
 */
export const exportStatic = async (around: Surroundings, options: ExportOptions): Promise<void> => {
  const { issuer, static: folder, upload, verify } = options;
  if (upload !== undefined && folder === undefined) throw unusable('--upload is for files.', 'add --static DIR');
  const installation = await openInstallation(around);
  const documents = await staticDocuments(installation, issuer).finally(() => installation.close());
  if (!documents) throw new CommandFailure(1, `There is no key ring ${issuer} yet.`, { code: 'no_ring' });
  if (folder !== undefined) {
    for (const { path, bytes } of documents.files) {
      const file = join(resolve(around.cwd, folder), path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
      printLine(around.stdout, join(folder, path));
    }
    if (upload !== undefined) {
      for (const line of uploads(upload, folder, documents)) printLine(around.stdout, line);
    } else {
      const hint = `publish them at ${documents.issuer}; --upload s3://BUCKET, gs://BUCKET or az://ACCOUNT/CONTAINER prints how`;
      printLine(around.stderr, `hint: ${hint}`);
    }
  }
  if (verify !== undefined) await verifyPublished(around, verify, documents);
};

/** The commands that put the files where the issuer's host serves them, with the type that verifiers ask for. */
const uploads = (to: string, folder: string, { files, maxAge }: StaticDocuments): readonly string[] => {
  const [, scheme, place = '', container = ''] =
    /^(s3|gs|az):\/\/([a-z0-9][a-z0-9._-]{1,220})(?:\/(\$web|[a-z0-9-]{3,63}))?$/.exec(to) ?? [];
  const cached = `public, max-age=${maxAge}`;
  const type = 'application/json';
  return files.map(({ path }) => {
    const file = quoted(join(folder, path));
    if (scheme === 's3' && container === '') {
      return `aws s3 cp ${file} s3://${place}/${path} --content-type ${type} --cache-control '${cached}'`;
    }
    if (scheme === 'gs' && container === '') {
      return `gcloud storage cp ${file} gs://${place}/${path} --content-type=${type} --cache-control='${cached}'`;
    }
    if (scheme === 'az' && container !== '') {
      return `az storage blob upload --overwrite --account-name ${place} --container-name '${container}' --name ${path} --file ${file} --content-type ${type} --content-cache-control '${cached}'`;
    }
    throw unusable('--upload takes s3://BUCKET, gs://BUCKET or az://ACCOUNT/CONTAINER.');
  });
};

const quoted = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** Is what stands at a URL what the key ring says now, in the form that relying parties take? */
const verifyPublished = async (around: Surroundings, url: string, documents: StaticDocuments): Promise<void> => {
  const base = URL.canParse(url) ? url.replace(/\/+$/, '') : undefined;
  if (base === undefined) throw unusable(`${url} is no URL.`, `give the issuer's: ${documents.issuer}`);
  const [discovery, jwks] = documents.files;
  await compare(`${base}/.well-known/openid-configuration`, discovery?.bytes, ['issuer', 'jwks_uri', ALGORITHMS]);
  await compare(`${base}/.well-known/jwks`, jwks?.bytes, ['keys']);
  if (base !== documents.issuer) {
    printLine(around.stderr, `warning: relying parties look at ${documents.issuer}, and not at ${base}`);
  }
  printLine(around.stdout, `${base} has the keys that sign now and next.`);
};

const ALGORITHMS = 'id_token_signing_alg_values_supported';

const compare = async (url: string, wanted: Buffer | undefined, members: readonly string[]): Promise<void> => {
  const refuse = (problem: string): CommandFailure =>
    new CommandFailure(1, `${url} ${problem}.`, {
      code: 'not_published',
      hint: 'upload the files again; "keys export --static DIR --upload …" prints how',
    });
  const timing = { headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS };
  const answer = await request(url, timing).catch((reason: unknown) => {
    throw unreachable(url, reason);
  });
  const text = (await answer.body.text()).slice(0, MAX_BYTES);
  if (answer.statusCode !== 200) throw refuse(`answers ${answer.statusCode}, and verifiers follow no redirect`);
  const type = String(answer.headers['content-type'] ?? '');
  if (!/^application\/(?:json|jwk-set\+json)\b/.test(type)) throw refuse(`has the type "${type}"`);
  const found = readJson(text);
  if (!found) throw refuse('is no JSON');
  const expected = JSON.parse(wanted?.toString('utf8') ?? '{}') as Record<string, unknown>;
  const differs = members.find((member) => JSON.stringify(found[member]) !== JSON.stringify(expected[member]));
  if (differs !== undefined) throw refuse(`has another "${differs}" than the key ring`);
};

const readJson = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

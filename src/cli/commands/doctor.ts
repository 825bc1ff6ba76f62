import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Operation } from '../../access/organization.ts';
import type { Finding } from '../doctor/finding.ts';
import { failed } from '../failure.ts';
import { JSON_FLAG, ORGANIZATION_FLAG, operationOption } from '../options.ts';
import { printable, printJson, printLine } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

interface DoctorOptions {
  readonly org?: string;
  readonly project: string;
  readonly stack: string;
  readonly operation: Operation;
  readonly json?: true;
}

export const addDoctorCommand = (program: Command, around: Surroundings): void => {
  program
    .command('doctor')
    .description('Check an installation: from anywhere what relying parties see, on its host everything.')
    .option(...ORGANIZATION_FLAG)
    .option('--project <name>', 'project of the test run', 'runpass')
    .option('--stack <name>', 'stack of the test run', 'doctor')
    .addOption(operationOption().default('preview'))
    .option(...JSON_FLAG)
    .action((options: DoctorOptions) => runDoctor(around, options));
};

const runDoctor = async (around: Surroundings, { json, ...target }: DoctorOptions): Promise<void> => {
  const installation = await examineInstallation(around);
  const findings = [...installation.findings, ...(await examineAsClient(around, installation.url, target))];
  if (json) printJson(around.stdout, { findings });
  else for (const finding of findings) printFinding(around, finding);
  const bad = findings.filter(({ level }) => level === 'fail').length;
  if (bad > 0) throw failed(`${bad} of ${findings.length} checks failed.`);
};

const printFinding = ({ stdout }: Surroundings, { level, check, says, fix }: Finding): void => {
  printLine(stdout, `${level.padEnd(4)}  ${check.padEnd(13)}  ${printable(says)}`);
  if (fix !== undefined) printLine(stdout, `${' '.repeat(21)}fix: ${printable(fix)}`);
};

/** The operator's part: empty where there are no settings, because this is some other machine then. */
const examineInstallation = async (
  around: Surroundings,
): Promise<{ readonly findings: readonly Finding[]; readonly url?: string }> => {
  const file = resolve(around.cwd, around.env['RUNPASS_CONFIG'] || 'config/runpass.yaml');
  if (!existsSync(file)) return { findings: [] };
  const [{ attempt, fail, ok }, { readOrganizations, readSettings }] = await Promise.all([
    import('../doctor/finding.ts'),
    import('../settings.ts'),
  ]);
  const fix = 'correct them: "runpass config check" shows them again';
  try {
    const settings = await readSettings(around);
    const organizations = [...(await readOrganizations(settings)).keys()];
    const sound = ok(
      'settings',
      `${settings.file} and the files of its organizations (${organizations.length}) are sound.`,
    );
    const [{ openInstalledStore }, { checkInstallation }] = await Promise.all([
      import('../operator.ts'),
      import('../doctor/installation.ts'),
    ]);
    const found = await attempt('store', 'start the server, or check "store.url"', async () => {
      const store = await openInstalledStore(around, settings);
      const parts = { settings, store, clock: around.system.clock, organizations };
      return checkInstallation(parts).finally(() => store.close());
    });
    return { findings: [sound, ...found], url: settings.url };
  } catch (cause) {
    return { findings: [fail('settings', cause instanceof Error ? cause.message : String(cause), fix)] };
  }
};

const examineAsClient = async (
  around: Surroundings,
  installed: string | undefined,
  target: Omit<DoctorOptions, 'json'>,
): Promise<readonly Finding[]> => {
  const [{ openClient }, { fail, warn }, { lookAtPublicSurface }, { checkTokens }] = await Promise.all([
    import('../client.ts'),
    import('../doctor/finding.ts'),
    import('../doctor/public-surface.ts'),
    import('../doctor/test-token.ts'),
  ]);
  let client: Awaited<ReturnType<typeof openClient>> | undefined;
  let problem = '';
  try {
    client = await openClient(around);
  } catch (cause) {
    problem = cause instanceof Error ? cause.message : String(cause);
  }
  const url = installed ?? client?.url;
  if (url === undefined)
    return [fail('public URL', problem, 'run "runpass login", or set RUNPASS_URL and RUNPASS_ACCESS_TOKEN')];
  const surface = await lookAtPublicSurface(url, around.system.clock);
  if (client?.url !== url) {
    const why = client ? `The access token is for ${client.url}.` : problem;
    return [...surface.findings, warn('test token', `${why} No token was taken.`, 'set RUNPASS_ACCESS_TOKEN')];
  }
  const isBroken = Object.keys(surface.issuers).length === 0;
  return [...surface.findings, ...(isBroken ? [] : await checkTokens(client, surface, target))];
};

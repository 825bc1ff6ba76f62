import { type EpochSeconds, writeTime } from '../system.ts';
import type { TokenInFile } from './fetch-credentials.ts';
import type { IdToken } from './id-token.ts';
import { keepFresh } from './keep-fresh.ts';
import type { Pace } from './pace.ts';
import { messageOf, type RunDesk, type TokenWish } from './run-desk.ts';
import type { RunSecrets } from './run-secrets.ts';
import type { Report } from './steps.ts';
import type { TargetName } from './targets.ts';
import type { WorkFolder } from './work-folder.ts';

export interface KeptTokensTools {
  readonly desk: Pick<RunDesk, 'mint'>;
  readonly pace: Pace;
  readonly report: Report;
  readonly folder: WorkFolder;
  readonly secrets: RunSecrets;
  readonly deadline: EpochSeconds;
}

/** The token for whoever knows what to do with it, where it stands in files outside the folder. */
export interface TokenOutside {
  readonly wish: TokenWish;
  readonly token: IdToken;
  readonly paths: readonly string[];
}

/** The tokens of a run that stand in files. */
export interface KeptTokens {
  /** Keeps them fresh until it is stopped. Never throws. */
  keep(stop: AbortSignal): Promise<void>;
  /** What stands in the file of a cloud now. */
  newest(target: TargetName): IdToken | undefined;
}

/** Takes over the files of a run: those that are in place already, and those outside, which it puts there. */
export const keepTokens = async (
  inFiles: readonly TokenInFile[],
  outside: TokenOutside,
  tools: KeptTokensTools,
): Promise<KeptTokens> => {
  const { folder, pace, secrets } = tools;
  const hide = (token: IdToken): void => secrets.add(token.text, pace.clock.nowMs(), token.expiresMs);
  const newest = new Map<TargetName, IdToken>();
  for (const { about, token } of inFiles) {
    hide(token);
    newest.set(about, token);
  }
  const putOutside = async (token: IdToken): Promise<void> => {
    hide(token);
    for (const path of outside.paths) await folder.putOutside(path, token.text.reveal());
  };
  await putOutside(outside.token);

  const keptInFiles = inFiles.map((file) => ({
    ...file,
    async put(token: IdToken) {
      hide(token);
      await folder.put(file.name, token.text.reveal());
      newest.set(file.about, token);
    },
    remove: async () => folder.remove(file.name),
  }));
  const keptOutside = {
    ...outside,
    about: 'token',
    put: putOutside,
    async remove() {
      for (const path of outside.paths) folder.removeOutside(path);
    },
  };
  const kept = [...keptInFiles, ...(outside.paths.length > 0 ? [keptOutside] : [])];
  return {
    async keep(stop) {
      await Promise.all(
        kept.map((one) => keepFresh(one, one.token, { ...tools, watch: watchOf(one.about, tools) }, stop)),
      );
    },
    newest: (target) => newest.get(target),
  };
};

const watchOf = (about: string, { report }: Pick<KeptTokensTools, 'report'>) => ({
  renewed: ({ exp }: IdToken): void =>
    report({ kind: 'detail', about, detail: `token renewed until ${writeTime(exp)}` }),
  failed: (reason: unknown, { exp }: IdToken): void =>
    report({
      kind: 'warning',
      message: `${about}: the token (until ${writeTime(exp)}) could not be renewed yet: ${messageOf(reason)}`,
    }),
  removed: (isLast: boolean): void =>
    report({
      kind: 'warning',
      message: `${about}: the token file is gone, ${isLast ? 'because the run is over' : 'until the token can be renewed'}.`,
    }),
});

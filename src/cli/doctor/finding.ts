/** What one check of `doctor` found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** `warn`: it works, and an operator should know. `fail`: somebody's token will not come or not be accepted. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly says: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (check: string, says: string): Finding => ({ check, level: 'ok', says });
export const warn = (check: string, says: string, fix: string): Finding => ({ check, level: 'warn', says, fix });
export const fail = (check: string, says: string, fix: string): Finding => ({ check, level: 'fail', says, fix });

/** Runs a check; one that cannot be carried out has failed, with the reason and the given way out. */
export const attempt = async (
  check: string,
  fix: string,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await work();
  } catch (cause) {
    return [fail(check, cause instanceof Error ? cause.message : String(cause), fix)];
  }
};

/** How far another clock is from the one here, in seconds. */
export const sayOffset = (whose: 'server' | 'store', offset: number): string =>
  offset === 0
    ? `The clock of the ${whose} agrees with the one here.`
    : `The clock of the ${whose} is ${Math.abs(offset)} s ${offset < 0 ? 'behind' : 'ahead of'} the one here.`;

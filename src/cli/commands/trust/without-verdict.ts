import { CommandFailure } from '../../failure.ts';

/** A refusal or a server that is away is no denial. */
export const withoutVerdict = (reason: unknown): unknown => {
  if (!(reason instanceof CommandFailure)) return reason;
  const { message, code, hint } = reason;
  return new CommandFailure(2, message, {
    ...(code !== undefined && { code }),
    ...(hint !== undefined && { hint }),
    cause: reason,
  });
};

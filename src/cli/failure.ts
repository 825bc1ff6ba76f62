/**
 * Why a command did not do what it was asked.
 *
 * The message is one sentence for the person at the terminal; `code` is the stable code of a refusal; `hint` is
 * what to do next. None of them ever holds a token, key or password.
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** 1: refused or failed. 2: the command cannot be understood, or what it was given cannot be used. */
  readonly exit: 1 | 2;
  readonly code: string | undefined;
  readonly hint: string | undefined;

  constructor(
    exit: 1 | 2,
    message: string,
    options: { readonly code?: string; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exit = exit;
    this.code = options.code;
    this.hint = options.hint;
  }
}

/** Refused, or it did not work: exit 1. */
export const failed = (message: string, hint?: string, cause?: unknown): CommandFailure =>
  new CommandFailure(1, message, { ...(hint !== undefined && { hint }), cause });

/** The command, its input or the settings cannot be used: exit 2. */
export const unusable = (message: string, hint?: string, cause?: unknown): CommandFailure =>
  new CommandFailure(2, message, { ...(hint !== undefined && { hint }), cause });

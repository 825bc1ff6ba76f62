/** A command ran another one, and ends as that one did. It is no failure, and nothing is left to say. */
export class ChildStatus extends Error {
  override readonly name = 'ChildStatus';
  /** 0 to 255; 128 + n when signal n ended it. */
  readonly status: number;

  constructor(status: number) {
    super(`the command ended with status ${status}`);
    this.status = status;
  }
}

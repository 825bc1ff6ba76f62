import type { Context } from 'koa';

/** What the first middleware writes down of a request, for the answer, the log and the metrics. */
export interface RequestState {
  readonly requestId: string;
  /** Pattern of the route that answered, never the path itself: paths hold names and ids. */
  route: string;
  /** Code of the refusal that was answered, if one was. */
  refusal?: string;
}

export const stateOf = (ctx: Context): RequestState => ctx.state as RequestState;

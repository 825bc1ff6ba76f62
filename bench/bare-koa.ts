/** A Koa server with one handler, which reads a form and answers a fixed text: the other half of what an exchange costs at the very least. */
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { answerQuestions, given } from './questions.ts';

export interface BareKoaGiven {
  /** What it answers, as JSON. */
  readonly body: string;
}

const { body } = given<BareKoaGiven>();

const app = new Koa();
app.use(async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  if (!form.has('subject_token')) ctx.throw(400);
  ctx.type = 'application/json';
  ctx.body = body;
});
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => {
  server.once('listening', resolve);
});
answerQuestions({}, (server.address() as AddressInfo).port);

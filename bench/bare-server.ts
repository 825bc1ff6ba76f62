/** A bare `node:http` server that answers every request with the same bytes, headers included: the measure of what HTTP costs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions, given } from './questions.ts';

export interface BareGiven {
  readonly headers: readonly string[];
  readonly body: string;
}

const { headers, body } = given<BareGiven>();
const bytes = Buffer.from(body);
const server = createServer((_request, response) => {
  response.writeHead(200, headers as string[]).end(bytes);
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
answerQuestions({}, (server.address() as AddressInfo).port);

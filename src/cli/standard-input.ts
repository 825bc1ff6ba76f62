import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';

/** All text of a stream; what is beyond `limit` characters is cut off. */
export const readText = async (from: Readable, limit: number): Promise<string> => {
  let text = '';
  from.setEncoding('utf8');
  for await (const chunk of from) {
    text += chunk;
    if (text.length > limit) break;
  }
  return text.slice(0, limit);
};

/** Asks for one line at a terminal; the question is shown, what is typed is not. */
export const askSecretly = async (from: Readable, to: Writable, question: string): Promise<string> => {
  to.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: from, output: nowhere, terminal: true });
  const answer = await lines.question('').finally(() => {
    lines.close();
    to.write('\n');
  });
  return answer.trim();
};

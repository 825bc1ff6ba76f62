import { inOrder, type Problem } from '../documents.ts';
import { type EnvironmentFile, type LoadedEnvironments, loadEnvironments } from './load-files.ts';
import { parseEnvironment } from './syntax/parse-environment.ts';

/** Every environment that files declare, or everything that is wrong with their writing, with its place. */
export const loadDeclaredEnvironments = async (
  folder: string,
  organizationNames: ReadonlySet<string>,
): Promise<LoadedEnvironments> => {
  const loaded = await loadEnvironments(folder, organizationNames);
  if ('problems' in loaded) return loaded;
  const problems = [...loaded.environments.values()].flatMap((files) =>
    [...files].flatMap(([name, file]) => problemsIn(name, file)),
  );
  return problems.length > 0 ? { problems } : loaded;
};

const problemsIn = (name: string, { file, text }: EnvironmentFile): readonly Problem[] =>
  inOrder(
    parseEnvironment(name, text)
      .diagnostics.filter(({ severity }) => severity === 'error')
      .map(({ summary, path, range: { begin } }) => ({
        file,
        line: begin.line,
        column: begin.column,
        path,
        problem: summary,
      })),
  );

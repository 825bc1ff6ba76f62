/**
 * Compiles `src` into `dist`: JavaScript by the TypeScript compiler, everything else as it is.
 *
 * What the sources read at run time by their own address (Lua scripts, schemas) lies at the same place in both.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [src, dist] = [join(root, 'src'), join(root, 'dist')];

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
cpSync(src, dist, { recursive: true, filter: (file) => statSync(file).isDirectory() || !file.endsWith('.ts') });

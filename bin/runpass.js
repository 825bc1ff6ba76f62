#!/usr/bin/env node
// The command `runpass`: dist/ where the package has one (npm package, image), the sources otherwise (clone).
//
// On an older Node it hands over to the one that `npm ci` put into node_modules, and is nothing but a
// pipe from then on: same arguments, same streams, same signals, same exit status.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { complaint, isNewEnough } from './node-version.js';

const UNUSABLE = 2;

const inPackage = (path) => new URL(`../${path}`, import.meta.url);

const main = existsSync(inPackage('dist/main.js')) ? inPackage('dist/main.js') : inPackage('src/main.ts');
const ownNode = inPackage('node_modules/node/bin/node');

if (isNewEnough(process.versions.node)) {
  // What Node makes of a module, types stripped and compiled, lies beside the code from one start to the next: without
  // it half of a start goes there. Who may write there may change the code as well; where nobody may, nothing is kept.
  module.enableCompileCache(fileURLToPath(inPackage('.cache/compiled')));
  await import(main.href);
} else if (existsSync(ownNode)) {
  handOver(fileURLToPath(ownNode), [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
} else {
  console.error(complaint(process.versions.node, process.execPath));
  process.exitCode = UNUSABLE;
}

function handOver(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well; passing it on would make it two, and two mean "now".
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => {
    console.error(`Cannot start ${node}: ${error.message}`);
    process.exit(UNUSABLE);
  });
  child.on('exit', (status, signal) => process.exit(signal ? 128 + constants.signals[signal] : status));
}

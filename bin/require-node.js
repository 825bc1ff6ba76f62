// Runs before the npm scripts that start sources: an older Node would fail at the first type annotation instead.

import { complaint, isNewEnough } from './node-version.js';

if (!isNewEnough(process.versions.node)) {
  console.error(complaint(process.versions.node, process.execPath));
  process.exit(1);
}

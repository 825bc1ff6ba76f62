// Plain JavaScript without a dependency: these files must run on any Node, to say what is wrong with it.

const REQUIRED = '24.15';

/** Can this Node run Runpass? Takes a version without its "v". */
export const isNewEnough = (version) => {
  const [major, minor] = version.split('.').map(Number);
  const [requiredMajor, requiredMinor] = REQUIRED.split('.').map(Number);
  return major > requiredMajor || (major === requiredMajor && minor >= requiredMinor);
};

/** What is wrong with this Node, and what to do about it. */
export const complaint = (version, path) =>
  `Runpass needs Node ${REQUIRED} or newer; this is ${version} (${path}).\n` +
  'In a clone, "npm ci" brings one along: run it without --ignore-scripts, then start Runpass by npm ("npm start",\n' +
  '"npm test", "npx runpass"). Elsewhere, install Node 24.';

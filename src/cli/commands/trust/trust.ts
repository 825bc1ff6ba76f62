import type { Command } from 'commander';
import { addGroup } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addDecisionCommands } from './decisions.ts';
import { addIssuerCommands } from './issuers.ts';
import { addLintCommand } from './lint.ts';
import { addPinCommands } from './pins.ts';
import { addPolicyCommands } from './policies.ts';
import { addReplayCommand } from './replay.ts';
import { addTryCommand } from './try.ts';

/** Trust relationships: all commands of an organization's administrator about outside tokens. */
export const addTrustCommands = (program: Command, around: Surroundings): void => {
  const trust = addGroup(program, 'trust', 'Trust relationships: outside tokens in, short-lived access tokens out.');
  addIssuerCommands(trust, around);
  addPolicyCommands(trust, around);
  addLintCommand(trust, around);
  addDecisionCommands(trust, around);
  addTryCommand(trust, around);
  addReplayCommand(trust, around);
  addPinCommands(trust, around);
};

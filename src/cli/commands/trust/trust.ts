import type { Command } from 'commander';
import { addGroup } from '../../options.ts';
import type { Surroundings } from '../../surroundings.ts';
import { addDecisionCommands } from './decisions.ts';
import { addExplainCommand } from './explain.ts';
import { addGenerateCommand } from './generate.ts';
import { addHeldNameCommands } from './held-names.ts';
import { addIssuerCommands } from './issuers.ts';
import { addLintCommand } from './lint.ts';
import { addPinCommands } from './pins.ts';
import { addPolicyCommands } from './policies.ts';
import { addRememberedCommands } from './remembered.ts';
import { addReplayCommand } from './replay.ts';
import { addTryCommand } from './try.ts';
import { addVerifyCommand } from './verify.ts';

/** Trust in both directions: who may come in with outside tokens, and what relying parties make of ours. */
export const addTrustCommands = (program: Command, around: Surroundings): void => {
  const trust = addGroup(
    program,
    'trust',
    'Trust: outside tokens that come in, and the documents of clouds that trust ours.',
  );
  addIssuerCommands(trust, around);
  addPolicyCommands(trust, around);
  addLintCommand(trust, around);
  addDecisionCommands(trust, around);
  addTryCommand(trust, around);
  addReplayCommand(trust, around);
  addPinCommands(trust, around);
  addExplainCommand(trust, around);
  addGenerateCommand(trust, around);
  addVerifyCommand(trust, around);
  addRememberedCommands(trust, around);
  addHeldNameCommands(trust, around);
};

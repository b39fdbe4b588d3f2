import type { PermissionMode } from '../../run.ts';

/** What a person reads of each mode, in the order in which they are offered. */
export const MODE_TITLES = {
  ask: 'ask me for leave',
  plan: 'plan first, then ask',
  acceptEdits: 'edit files unasked',
  dontAsk: 'deny what is not allowed',
  bypassPermissions: 'allow everything',
} as const satisfies Record<PermissionMode, string>;

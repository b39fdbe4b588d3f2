import type { RunRecord } from '../../src/observation/run-record.ts';

/** A run that ended well. */
export const RECORD: RunRecord = {
  id: 'req_1',
  keyId: 'laptop',
  dialect: 'openai-chat',
  isAgent: false,
  requestedModel: 'sonnet',
  model: 'claude-sonnet-5-5',
  startedAtMs: 0,
  reachedMs: {},
  firstTokenMs: 700,
  totalMs: 3000,
  usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40, reasoning: undefined },
  characters: 100,
  costUsd: 0.25,
  outcome: 'stop',
  failure: undefined,
};

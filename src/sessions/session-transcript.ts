import type { AgentPart } from '../run.ts';

/** A message of a session, as it was recorded. */
export type TranscriptMessage = {
  role: 'user' | 'assistant';
  /** Names a message of the user's. */
  id?: string | undefined;
  /** When it was recorded, in ISO 8601. */
  at: string;
  parts: readonly AgentPart[];
};

/** The last messages of a session, and whether there are earlier ones. */
export type TranscriptPage = { messages: readonly TranscriptMessage[]; hasMore: boolean };

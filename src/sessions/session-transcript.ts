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

/** What was said in sessions, where it is written down. */
export type Transcripts = {
  /** The last `limit` messages of a session, or as many of these as can be told at once; none when nothing is written down. */
  read: (session: TranscriptPlace, limit: number) => Promise<TranscriptPage>;
  /** Removes what is written down of a session, at once or when whoever has it is there. Does nothing where there is none. */
  remove: (sessionId: string) => Promise<void>;
};

/** By what a transcript is found. `tags`: what its session's key asks of whoever reads it. */
export type TranscriptPlace = { id: string; tags?: readonly string[] | undefined };

/** For a back end that writes nothing down. */
export const NO_TRANSCRIPTS: Transcripts = {
  read: () => Promise.resolve({ messages: [], hasMore: false }),
  remove: () => Promise.resolve(),
};

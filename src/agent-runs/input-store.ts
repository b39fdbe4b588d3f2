import type { InputAnswer, InputRequest } from '../run-input.ts';

/** Something that a run waited for, and what it was told. Times are milliseconds since 1970. */
export type StoredInput = {
  id: string;
  runId: string;
  keyId: string;
  createdAt: number;
  expiresAt: number;
  request: InputRequest;
  answer: InputAnswer | 'withdrawn' | undefined;
};

/** Where it is kept what runs wait for. */
export type InputStore = {
  add: (input: Omit<StoredInput, 'answer'>) => Promise<void>;
  read: (id: string) => Promise<StoredInput | undefined>;
  /** What runs of a key wait for, the oldest first. */
  list: (keyId: string) => Promise<readonly StoredInput[]>;
  /** Stores the answer if it is the first; resolves with whether it is. */
  answer: (id: string, answer: InputAnswer | 'withdrawn') => Promise<boolean>;
  /** Forgets what a tool came to: it may be many megabytes, and has its place in the session once the run has it. */
  forgetResult: (id: string) => Promise<void>;
};

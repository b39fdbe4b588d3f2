/** A JSON object whose fields are the dialect's business. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer that its caller can ask for again, or continue. */
export type StoredResponse = {
  readonly id: string;
  /** Names the key that owns it; never the key itself. */
  readonly keyId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `false` while a run in the background still writes it. */
  readonly isFinished: boolean;
  /** As the API shows it. */
  readonly response: JsonObject;
  /** Everything that was said before it, oldest first; each item has an id. */
  readonly input: readonly JsonObject[];
  /** The JSON texts of its streamed events, for those that can be streamed again. */
  readonly events: readonly string[];
};

/** A response that a run in the background writes, and the server of the folder that it is at, where that is noted. */
export type UnfinishedResponse = { readonly id: string; readonly server?: string | null };

/** Where responses are kept. It knows nothing of lifetime, ownership or limits. */
export type ResponseStore = {
  read: (id: string) => Promise<StoredResponse | undefined>;
  /** Adds the response, or replaces the one with its id. */
  write: (response: StoredResponse) => Promise<void>;
  /** Does nothing for an unknown id. */
  remove: (id: string) => Promise<void>;
  /** One key's newest, the newest first, `most` at most. */
  listNewest: (keyId: string, most: number) => Promise<readonly StoredResponse[]>;
  /** The ids of one key's oldest responses that are too many, or too large together with the others; never the newest. */
  listBeyond: (keyId: string, most: { count: number; bytes: number }) => Promise<readonly string[]>;
  /** Those that a run in the background was writing. */
  listUnfinished: () => Promise<readonly UnfinishedResponse[]>;
  /** Removes what was created at this time or earlier, whoever owns it. */
  removeCreatedUntil: (time: number) => Promise<void>;
  close: () => Promise<void>;
};

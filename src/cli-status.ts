/** A model that the CLI offers. */
export type Model = {
  /** The full id, as the API knows it. */
  id: string;
  /** Shorter names that mean the same. */
  aliases: readonly string[];
  displayName: string;
};

/** What the CLI says about itself. */
export type CliStatus = {
  isLoggedIn: boolean;
  /** Whose login it is, as far as the CLI tells. */
  account: string | undefined;
  models: readonly Model[];
  /** Whether it can go back in a conversation, so that its processes can serve more than one request. */
  canRewind: boolean;
};

/** Asks the CLI about itself. Throws `RunError` when it does not answer. */
export type ReadCliStatus = () => Promise<CliStatus>;

/** What is sent to try an API. */
export type TrialRequest = {
  model: string;
  prompt: string;
  /** Whether the answer comes in one piece. Default: it is streamed. */
  isWhole?: boolean | undefined;
};

/** How a dialect is tried, on the page and by `doctor`, and how programs would send the same request. */
export type Trial = {
  /** The dialect's. */
  name: string;
  /** What people call the API. */
  title: string;
  path: string;
  /** The smallest body for the request. */
  toBody: (request: TrialRequest) => object;
  reading: AnswerReading;
  toCode: ToCode;
};

/**
 * Where the words of an answer stand. Paths are keys with dots between them, `*` for each of a list; the
 * empty one is the event itself.
 */
export type AnswerReading = {
  /** In a whole answer. */
  whole: string;
  /** In an event of a stream; of those with this `type` alone, where one is named. */
  event: { path: string; type?: string };
  /** A stream is over with the event that has one of these values there. */
  end: { path: string; values: readonly (string | boolean)[] };
};

/** The ways in which a request is shown as code, `curl` aside, which is the same for every API. */
export type Code = { python: string; typescript: string; langchain: string };

/** A request's texts as string literals that are right in Python and in JavaScript. */
export type Literals = { model: string; prompt: string; url: string; v1: string };

/** The request as the code of programs. Where the key belongs stands PROXY_API_KEY of their environment. */
export type ToCode = (literals: Literals) => Code;

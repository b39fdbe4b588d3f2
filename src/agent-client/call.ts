/** `signal` ends the call; a run that is waited for is cancelled with it. */
export type CallOptions = { signal?: AbortSignal | undefined };

/** What a server refused. */
export class AgentClientError extends Error {
  override readonly name = 'AgentClientError';
  readonly status: number;
  /** As the server names the reason: `not-found`, `conflict`. */
  readonly code: string;
  /** The field that is wrong. */
  readonly param: string | undefined;
  readonly requestId: string | undefined;

  constructor(status: number, body: unknown) {
    const { error = {}, requestId } = Object(body) as Refusal;
    super(error.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error.code ?? 'unknown';
    this.param = error.param;
    this.requestId = requestId;
  }
}

type Refusal = { error?: { code?: string; message?: string; param?: string }; requestId?: string };

export type Caller = {
  /** The JSON of the answer, which is taken to be what the document says. */
  call: <Answer>(
    method: string,
    path: string,
    body?: unknown,
    options?: CallOptions,
  ) => Promise<Answer>;
  /** The bytes of an answer in lines. */
  open: (
    path: string,
    signal: AbortSignal | undefined,
  ) => Promise<ReadableStream<Uint8Array> | null>;
};

/** Makes what calls a server, and opens its streams of lines. */
export function createCaller(baseUrl: string, key: string, reach: typeof fetch): Caller {
  const base = baseUrl.replace(/\/+$/, '');
  const headers = { authorization: `Bearer ${key}` };

  const send = async (path: string, init: RequestInit) => {
    const response = await reach(base + path, init);
    if (response.ok) return response;
    throw new AgentClientError(response.status, await response.json().catch(() => undefined));
  };

  return {
    async call<Answer>(method: string, path: string, body?: unknown, { signal }: CallOptions = {}) {
      const response = await send(path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
      return (await response.json()) as Answer;
    },
    async open(path, signal) {
      const lines = { ...headers, accept: 'application/x-ndjson' };
      const { body } = await send(path, { headers: lines, ...(signal && { signal }) });
      return body;
    },
  };
}

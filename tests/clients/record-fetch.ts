/** One HTTP exchange of a client: what it sent and what came back, without the answer's body. */
export type Exchange = {
  url: string;
  headers: Headers;
  body: unknown;
  response: Response;
};

/** A `fetch` to hand to a client, and the exchanges that the client had through it, retries included. */
export function recordFetch(reach: typeof fetch = fetch): {
  fetch: typeof fetch;
  exchanges: Exchange[];
} {
  const exchanges: Exchange[] = [];
  return {
    exchanges,
    async fetch(input, init) {
      const request = new Request(input, init);
      const text = await request.clone().text();
      const response = await reach(request);
      exchanges.push({
        url: request.url,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
        response,
      });
      return response;
    },
  };
}

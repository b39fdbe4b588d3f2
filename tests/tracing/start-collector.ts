import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const Attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .transform((list) =>
    Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])),
  );

const Body = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              kind: z.number(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              attributes: Attributes,
              events: z.array(z.object({ name: z.string() })).default([]),
              status: z.object({ code: z.number() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Sent = z.infer<typeof Body>['resourceSpans'][number];

/** A span as it was received, with what sent it. */
type SentSpan = Sent['scopeSpans'][number]['spans'][number] & {
  resource: Sent['resource']['attributes'];
};

export type Collector = {
  url: string;
  spans: readonly SentSpan[];
  /** All bodies as they came. */
  readonly text: string;
  /** Of the last body. */
  headers: Record<string, unknown>;
  /** What it answers. */
  status: number;
  /** Resolves with the span of this name when it has come. */
  find: (name: string) => Promise<SentSpan>;
  stop: () => Promise<void>;
};

/** A collector that receives OTLP over HTTP, as JSON, on loopback. */
export async function startCollector(): Promise<Collector> {
  const spans: SentSpan[] = [];
  const headers: Record<string, unknown> = {};
  const answer = { status: 200 };
  let all = '';
  let news = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    all += body;
    Object.assign(headers, request.headers);
    for (const { resource, scopeSpans } of Body.parse(JSON.parse(body)).resourceSpans) {
      const found = scopeSpans.flatMap((scope) => scope.spans);
      spans.push(...found.map((span) => ({ ...span, resource: resource.attributes })));
    }
    response.writeHead(answer.status).end('{}');
    news.resolve();
    news = Promise.withResolvers();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    spans,
    get text() {
      return all;
    },
    headers,
    get status() {
      return answer.status;
    },
    set status(status) {
      answer.status = status;
    },
    async find(name) {
      for (;;) {
        const found = spans.find((span) => span.name === name);
        if (found) return found;
        await news.promise;
      }
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

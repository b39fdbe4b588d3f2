import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { demoAnswer } from './answers.ts';
import { countTokens } from './count-tokens.ts';
import { createId } from './message-events.ts';
import type { MessagesBody } from './messages-body.ts';
import { errorReply, type Reply } from './replies.ts';
import { toVerdict } from './rules.ts';
import { sendReply } from './send-reply.ts';

/** What the model says to a request. */
export type Answer = (body: MessagesBody, request: UpstreamRequest) => Reply | Promise<Reply>;

/** A request for an answer, as it arrived. */
export type UpstreamRequest = {
  path: string;
  headers: IncomingHttpHeaders;
  body: MessagesBody;
  /** `aborted` when the connection closed before the whole answer was sent, by either side. */
  closed: Promise<'finished' | 'aborted'>;
};

export type ModelServer = {
  url: string;
  /** Every POST to /v1/messages with a JSON body, in order, refused ones too; the last 1,000. */
  requests: UpstreamRequest[];
  /** May be replaced between requests. */
  answer: Answer;
  /** The first request that matches, among those that came and those that will. */
  waitForRequest(match?: (request: UpstreamRequest) => boolean): Promise<UpstreamRequest>;
  close(): Promise<void>;
};

export type ModelServerOptions = {
  /** Default: the demo's own answers. */
  answer?: Answer;
  /** Default: any free port. */
  port?: number;
  /** Default: loopback. */
  host?: string;
};

const ENDPOINTS: Record<string, 'messages' | 'count'> = {
  '/v1/messages': 'messages',
  '/v1/messages/count_tokens': 'count',
};

/** Bounds the memory of a demo that runs for days. */
const REQUESTS_KEPT = 1000;

const NOT_JSON = errorReply(400, 'invalid_request_error', 'The request body is not valid JSON.');

/** Starts a loopback server that speaks the Anthropic Messages API and refuses what the API refuses. */
export async function startModelServer({
  answer = demoAnswer,
  port = 0,
  host = '127.0.0.1',
}: ModelServerOptions = {}): Promise<ModelServer> {
  const arrivals = new EventTarget();
  const http = createServer((request, response) => {
    // This fails when a client leaves before its request is complete, or when a step of a script does.
    serve(request, response, { server, arrivals }).catch(() => response.destroy());
  });
  // A request that a CLI sends just as its idle connection is closed fails without being answered.
  http.keepAliveTimeout = 0;

  const server: ModelServer = {
    url: '',
    requests: [],
    answer,
    async waitForRequest(match = () => true) {
      let found = server.requests.find(match);
      while (!found) {
        await once(arrivals, 'request');
        found = server.requests.find(match);
      }
      return found;
    },
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };

  http.listen(port, host);
  await once(http, 'listening');
  server.url = toUrl(http.address());
  return server;
}

type Serving = { server: ModelServer; arrivals: EventTarget };

/** Answers one HTTP request. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { server, arrivals }: Serving,
): Promise<void> {
  const requestId = createId('req');
  response.setHeader('request-id', requestId);
  const { pathname } = new URL(request.url ?? '/', 'http://loopback');
  const endpoint = request.method === 'POST' ? ENDPOINTS[pathname] : undefined;
  const closed = watchClose(response);
  const send = (reply: Reply, body?: MessagesBody) =>
    sendReply(response, reply, {
      requestId,
      closed,
      model: body?.model ?? '',
      isStream: body?.stream ?? false,
    });
  if (!endpoint) return send(errorReply(404, 'not_found_error', 'Not Found'));

  const body = parseJson(await text(request));
  if (body === undefined) return send(NOT_JSON);
  const arrived: UpstreamRequest = {
    path: pathname,
    headers: request.headers,
    // A refused body is kept as it came, whatever its shape: a test may want to see what was sent.
    body: body as MessagesBody,
    closed,
  };
  if (endpoint === 'messages') {
    server.requests.push(arrived);
    if (server.requests.length > REQUESTS_KEPT) server.requests.shift();
    arrivals.dispatchEvent(new Event('request'));
  }
  const verdict = toVerdict(request.headers, body, endpoint === 'count');
  if ('refusal' in verdict) return send(verdict.refusal);
  if (endpoint === 'count')
    return send({ status: 200, headers: {}, body: { input_tokens: countTokens(verdict.body) } });
  return send(await answerOf(server, verdict.body, arrived), verdict.body);
}

async function answerOf(
  server: ModelServer,
  body: MessagesBody,
  request: UpstreamRequest,
): Promise<Reply> {
  try {
    return await server.answer(body, request);
  } catch (error) {
    return errorReply(500, 'api_error', `The scripted answer failed: ${String(error)}`);
  }
}

function toUrl(address: AddressInfo | string | null): string {
  if (typeof address !== 'object' || !address) throw new Error('The model server has no port.');
  return `http://${address.address}:${address.port}`;
}

function watchClose(response: ServerResponse): UpstreamRequest['closed'] {
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted'));
  });
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { KeptRequest } from '../../observation/requests/kept-request.ts';
import type { RequestFilter } from '../../observation/requests/request-filter.ts';
import type { Times } from '../../observation/requests/times.ts';
import { RunError } from '../../run-error.ts';
import { readLimit, readNumber } from '../read-number.ts';
import type { AdminParts } from './admin-parts.ts';
import { type NameKey, readKeyNames } from './key-names.ts';
import { readRequestFilter } from './read-request-filter.ts';
import { toCsvLines } from './to-csv.ts';

/** Requests on one page, and the most that a caller may ask for. */
const [USUAL, MOST] = [50, 1000];

/** `GET /api/admin/requests`: those that ended and fit, the newest first. Throws `invalid-request`. */
export function listRequests(parts: AdminParts): Handler<AppEnv> {
  return async (c) => {
    if (readFormat(c) === 'csv') return sendCsv(parts, await readRequestFilter(c, parts.keys));
    const { filter, requests, next, nameKey } = await readRequestPage(c, parts);
    return c.json({
      requests: requests.map((one) => toBody(one, nameKey)),
      next,
      // The pages behind have the same.
      times: c.req.query('cursor') ? null : toTimes(await parts.watch.requests.readTimes(filter)),
    });
  };
}

/** One page of what a query asks for, and the cursor of the page behind it. Throws `invalid-request`. */
export async function readRequestPage(c: Context, { watch, keys }: AdminParts) {
  const limit = readLimit(c.req.query('limit') || undefined, USUAL, MOST);
  const before = readNumber(c.req.query('cursor') || undefined, 'cursor');
  const filter = await readRequestFilter(c, keys);
  const found = watch.requests.list(filter, { before, limit: limit + 1 });
  const requests = found.slice(0, limit);
  const next = found.length > limit ? String(requests.at(-1)?.number) : null;
  return { filter, requests, next, nameKey: await readKeyNames(keys, requests) };
}

function toTimes({ firstTokenMs, totalMs, ...counts }: Times) {
  return { ...counts, firstTokenMs: firstTokenMs ?? null, totalMs: totalMs ?? null };
}

function readFormat(c: Context) {
  const format = c.req.query('format') || 'json';
  if (format === 'json' || format === 'csv') return format;
  throw new RunError('invalid-request', 'format must be json or csv.', { param: 'format' });
}

/** All that fit, however many, read page by page while they are sent. */
function sendCsv(parts: AdminParts, filter: RequestFilter) {
  const lines = ReadableStream.from(readLines(parts, filter)).pipeThrough(new TextEncoderStream());
  return new Response(lines, {
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="requests.csv"',
    },
  });
}

async function* readLines({ watch, keys }: AdminParts, filter: RequestFilter) {
  yield toCsvLines([Object.keys(COLUMNS)]);
  let before: number | undefined;
  do {
    const requests = watch.requests.list(filter, { before, limit: MOST });
    const nameKey = await readKeyNames(keys, requests);
    const bodies = requests.map((one) => toBody(one, nameKey));
    yield toCsvLines(bodies.map((body) => Object.values(COLUMNS).map((read) => read(body))));
    before = requests.length < MOST ? undefined : requests.at(-1)?.number;
  } while (before !== undefined);
}

function toBody(request: KeptRequest, nameKey: NameKey) {
  const { id, keyId, dialect, isAgent, model, requestedModel, status, outcome, error } = request;
  const { queuedMs, boundMs, firstTokenMs, totalMs, costUsd } = request;
  return {
    id,
    key: keyId,
    keyName: nameKey(keyId),
    api: dialect,
    isAgent,
    model,
    requestedModel,
    status,
    outcome,
    finish: status === 'done' ? outcome : null,
    error,
    startedAt: new Date(request.startedAtMs).toISOString(),
    endedAt: new Date(request.endedAtMs).toISOString(),
    queuedMs,
    boundMs,
    firstTokenMs,
    totalMs,
    tokens: {
      input: request.inputTokens,
      output: request.outputTokens,
      cacheRead: request.cacheReadTokens,
      cacheWrite: request.cacheWriteTokens,
    },
    costUsd,
  };
}

type Body = ReturnType<typeof toBody>;

/** The columns of the CSV, in their order. */
const COLUMNS = {
  endedAt: (body) => body.endedAt,
  startedAt: (body) => body.startedAt,
  id: (body) => body.id,
  api: (body) => body.api,
  model: (body) => body.model,
  requestedModel: (body) => body.requestedModel,
  key: (body) => body.key,
  keyName: (body) => body.keyName,
  status: (body) => body.status,
  outcome: (body) => body.outcome,
  finish: (body) => body.finish,
  error: (body) => body.error,
  isAgent: (body) => String(body.isAgent),
  queuedMs: (body) => body.queuedMs,
  boundMs: (body) => body.boundMs,
  firstTokenMs: (body) => body.firstTokenMs,
  totalMs: (body) => body.totalMs,
  inputTokens: ({ tokens }) => tokens.input,
  outputTokens: ({ tokens }) => tokens.output,
  cacheReadTokens: ({ tokens }) => tokens.cacheRead,
  cacheWriteTokens: ({ tokens }) => tokens.cacheWrite,
  costUsd: (body) => body.costUsd,
} as const satisfies Record<string, (body: Body) => string | number | null>;

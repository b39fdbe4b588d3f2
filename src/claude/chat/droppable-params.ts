import { createExpiringMap, type ExpiringMap } from '../../common/expiring-map.ts';
import type { LearntRefusal } from '../../backend.ts';
import type { DroppableParam, RunStart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { ChatRequest, ChatRun } from './chat-request.ts';
import { toForcedTool } from './enforced/forced-tool.ts';
import type { RefusedSchemas } from './enforced/with-enforced-output.ts';

type Row = {
  /** How the API's refusal names the parameter. */
  named: RegExp;
  /** Its value; `undefined` when it was not given. */
  read(request: ChatRequest): unknown;
  drop(request: ChatRequest): ChatRequest;
};

/**
 * What a model may refuse. Of two that do not go together, the upper one is dropped; what is given in a
 * milder form first may be dropped once more.
 */
const PARAMS = {
  topK: {
    named: /\btop_k\b/,
    read: ({ sampling }) => sampling.topK,
    drop: (request) => withSampling(request, { topK: undefined }),
  },
  topP: {
    named: /\btop_p\b/,
    read: ({ sampling }) => sampling.topP,
    drop: (request) => withSampling(request, { topP: undefined }),
  },
  temperature: {
    named: /\btemperature\b/,
    read: ({ sampling }) => sampling.temperature,
    drop: (request) => withSampling(request, { temperature: undefined }),
  },
  effort: {
    // "`thinking.type.enabled` is not supported; use adaptive and `output_config.effort`" is not its.
    named: /^(?!.*\bthinking\.).*\beffort\b/is,
    read: ({ effort }) => effort,
    drop: (request) => ({ ...request, effort: undefined }),
  },
  thinking: {
    // "`max_tokens` must be greater than `thinking.budget_tokens`" is the caller's to mend.
    named: /^(?!.*\b(max|budget)_tokens\b).*\bthinking\b/is,
    read: ({ thinking }) => (isThinking(thinking) ? thinking : undefined),
    // Newer models set the budget themselves; a forced tool bears no thinking at all.
    drop: ({ thinking, ...request }) => ({
      ...request,
      thinking:
        thinking.type === 'budget'
          ? { type: 'adaptive', display: thinking.display }
          : { type: 'default' },
    }),
  },
  toolChoice: {
    named: /\btool_choice\b/,
    read: (request) => (isForced(request) ? request.toolChoice : undefined),
    drop: dropToolChoice,
  },
  serviceTier: {
    named: /\bservice_tier\b/,
    read: ({ serviceTier }) => serviceTier,
    drop: (request) => ({ ...request, serviceTier: undefined }),
  },
} satisfies Record<DroppableParam, Row>;

const NAMES = Object.keys(PARAMS) as DroppableParam[]; // the table has exactly these keys

const MAX_REMEMBERED = 1000;

/** A model may learn: what it refused is tried again after so long, in milliseconds. */
const REMEMBERED_MS = 60 * 60_000;

/**
 * Finds out what a model accepts: a parameter that the API refuses with a 400 is dropped and the run
 * tried again; `run-start` says what was left out. What was learnt holds for a while, for the same model
 * and the same values together: some are refused only beside others, and one caller's nonsense must not
 * take a parameter from everybody.
 */
export function withDroppableParams(
  run: ChatRun,
  learnt: LearntRefusals['dropped'] = createLearntRefusals().dropped,
): ChatRun {
  return async function* droppable(request, signal) {
    const key = toKey(request);
    let dropped = learnt.get(key)?.dropped ?? [];
    for (;;) {
      const attempt = dropped.reduce((rest, name) => PARAMS[name].drop(rest), request);
      try {
        for await (const event of run(attempt, signal)) {
          yield event.type === 'run-start' ? withDropped(event, dropped, attempt) : event;
        }
        return;
      } catch (error) {
        const name = findRefused(error, attempt);
        if (!name) throw error;
        dropped = [...dropped, name];
        learnt.set(key, { model: request.model, dropped });
      }
    }
  };
}

/** What was learnt, by everything that it holds for. */
export type LearntRefusals = {
  /** What is left out. */
  dropped: ExpiringMap<{ model: string; dropped: readonly DroppableParam[] }>;
  schemas: RefusedSchemas;
  /** By models and names of parameters; of those refused with several values the one that holds longest. */
  list: () => LearntRefusal[];
};

/** Makes an empty memory of refusals. `now` is in milliseconds. */
export function createLearntRefusals(now?: () => number): LearntRefusals {
  const options = { holdMs: REMEMBERED_MS, max: MAX_REMEMBERED, ...(now && { now }) };
  const dropped: LearntRefusals['dropped'] = createExpiringMap(options);
  const schemas: RefusedSchemas = createExpiringMap(options);
  return {
    dropped,
    schemas,
    list: () =>
      keepLongest([
        ...dropped
          .list()
          .flatMap(({ value, expiresInMs }) =>
            value.dropped.map((param) => ({ model: value.model, param, expiresInMs })),
          ),
        ...schemas.list().map(({ value: { model }, expiresInMs }) => {
          return { model, param: 'outputSchema' as const, expiresInMs };
        }),
      ]),
  };
}

function keepLongest(refusals: readonly LearntRefusal[]) {
  const longest = new Map<string, LearntRefusal>();
  for (const refusal of refusals) {
    const name = JSON.stringify([refusal.model, refusal.param]);
    if ((longest.get(name)?.expiresInMs ?? 0) < refusal.expiresInMs) longest.set(name, refusal);
  }
  return [...longest.values()];
}

function toKey(request: ChatRequest) {
  return JSON.stringify([request.model, NAMES.map((name) => PARAMS[name].read(request) ?? null)]);
}

function findRefused(error: unknown, request: ChatRequest): DroppableParam | undefined {
  if (!(error instanceof RunError) || error.code !== 'invalid-request') return undefined;
  return NAMES.find(
    (name) => PARAMS[name].named.test(error.message) && PARAMS[name].read(request) !== undefined,
  );
}

function isThinking({ type }: ChatRequest['thinking']) {
  return type === 'adaptive' || type === 'budget';
}

function isForced({ toolChoice, enforced }: ChatRequest) {
  return !enforced?.tool && (toolChoice.type === 'required' || toolChoice.type === 'tool');
}

/** A single tool can be enforced without the API; of several the model is left to choose. */
function dropToolChoice(request: ChatRequest): ChatRequest {
  const enforced = request.output.type === 'text' ? toForcedTool(request) : undefined;
  return enforced ? { ...request, enforced } : { ...request, toolChoice: { type: 'auto' } };
}

/** A tool that is enforced in another way is not named: the caller gets what was asked for. */
function withDropped(
  start: RunStart,
  names: readonly DroppableParam[],
  { enforced }: ChatRequest,
): RunStart {
  const dropped = names.filter((name) => name !== 'toolChoice' || !enforced?.tool);
  return dropped.length > 0 ? { ...start, dropped } : start;
}

function withSampling(
  request: ChatRequest,
  sampling: Partial<ChatRequest['sampling']>,
): ChatRequest {
  return { ...request, sampling: { ...request.sampling, ...sampling } };
}

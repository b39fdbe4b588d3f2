import type { DroppableParam, RunStart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { ChatRequest, ChatRun } from './chat-request.ts';
import { toForcedTool } from './forced-tool.ts';

type Row = {
  /** How the API's refusal names the parameter. */
  named: RegExp;
  isGiven(request: ChatRequest): boolean;
  drop(request: ChatRequest): ChatRequest;
};

/**
 * What a model may refuse. Of two that do not go together, the upper one is dropped; what is given in a
 * milder form first may be dropped once more.
 */
const PARAMS = {
  topK: {
    named: /\btop_k\b/,
    isGiven: ({ sampling }) => sampling.topK !== undefined,
    drop: (request) => withSampling(request, { topK: undefined }),
  },
  topP: {
    named: /\btop_p\b/,
    isGiven: ({ sampling }) => sampling.topP !== undefined,
    drop: (request) => withSampling(request, { topP: undefined }),
  },
  temperature: {
    named: /\btemperature\b/,
    isGiven: ({ sampling }) => sampling.temperature !== undefined,
    drop: (request) => withSampling(request, { temperature: undefined }),
  },
  effort: {
    // "`thinking.type.enabled` is not supported; use adaptive and `output_config.effort`" is not its.
    named: /^(?!.*\bthinking\.).*\beffort\b/is,
    isGiven: ({ effort }) => effort !== undefined,
    drop: (request) => ({ ...request, effort: undefined }),
  },
  thinking: {
    // "`max_tokens` must be greater than `thinking.budget_tokens`" is the caller's to mend.
    named: /^(?!.*\b(max|budget)_tokens\b).*\bthinking\b/is,
    isGiven: ({ thinking }) => thinking.type === 'adaptive' || thinking.type === 'budget',
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
    isGiven: isForced,
    drop: dropToolChoice,
  },
  serviceTier: {
    named: /\bservice_tier\b/,
    isGiven: ({ serviceTier }) => serviceTier !== undefined,
    drop: (request) => ({ ...request, serviceTier: undefined }),
  },
} satisfies Record<DroppableParam, Row>;

const NAMES = Object.keys(PARAMS) as DroppableParam[]; // the table has exactly these keys

const MAX_REMEMBERED = 10_000;

/**
 * Finds out what a model accepts: a parameter that the API refuses with a 400 is dropped and the run
 * tried again; `run-start` says what was left out. What was learnt holds for the same model and the
 * same parameters together, since some are refused only beside others.
 */
export function withDroppableParams(run: ChatRun): ChatRun {
  const learnt = new Map<string, readonly DroppableParam[]>();

  return async function* droppable(request, signal) {
    const key = toKey(request);
    let dropped = learnt.get(key) ?? [];
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
        if (learnt.size >= MAX_REMEMBERED) learnt.clear();
        learnt.set(key, dropped);
      }
    }
  };
}

function toKey(request: ChatRequest) {
  return [request.model, ...NAMES.filter((name) => PARAMS[name].isGiven(request))].join(' ');
}

function findRefused(error: unknown, request: ChatRequest): DroppableParam | undefined {
  if (!(error instanceof RunError) || error.code !== 'invalid-request') return undefined;
  return NAMES.find(
    (name) => PARAMS[name].named.test(error.message) && PARAMS[name].isGiven(request),
  );
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

import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { AgentQuestion, InputAnswer, InputRequest, InputSettled } from '../../run-input.ts';
import { RunError } from '../../run-error.ts';
import type { ControlRequest } from '../process/input-lines.ts';
import {
  readToolMessage,
  toCallId,
  toMcpResult,
  type ToolMessage,
  toToolReply,
} from '../process/tool-server.ts';

/** The CLI's `can_use_tool` request (CLI 2.1.330), which it also sends for questions and plans. */
const Asked = z.object({
  tool_name: z.string(),
  tool_use_id: z.string(),
  input: z.record(z.string(), z.unknown()),
  description: z.string().nullish(),
  decision_reason: z.string().nullish(),
  blocked_path: z.string().nullish(),
  permission_suggestions: z.array(z.looseObject({ type: z.string() })).nullish(),
});

type Asked = z.infer<typeof Asked>;

const AddRules = z.object({
  type: z.literal('addRules'),
  behavior: z.literal('allow'),
  rules: z.array(z.object({ toolName: z.string(), ruleContent: z.string().nullish() })),
});

const Questions = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      header: z.string().optional(),
      multiSelect: z.boolean().default(false),
      options: z
        .array(z.object({ label: z.string(), description: z.string().optional() }))
        .default([]),
    }),
  ),
});

const Plan = z.object({ plan: z.string() });

type Waiting = {
  requestId: string;
  /** The message with the call, when it is of one of the caller's own tools. */
  call?: ToolMessage;
  toReply: (answer: InputAnswer) => Record<string, unknown>;
};

export type AgentInputsOptions = {
  /** Answers a control request of the CLI. */
  reply: (requestId: string, response: Record<string, unknown>) => void;
  /** Called when an input was answered. */
  onSettled: (settled: InputSettled) => void;
};

export type AgentInputs = ReturnType<typeof createAgentInputs>;

/** The inputs that one agent waits for (approvals, answers, results of the caller's tools), and their way to the CLI. */
export function createAgentInputs({ reply, onSettled }: AgentInputsOptions) {
  const waiting = new Map<string, Waiting>();

  const withdraw = (isMeant: (entry: Waiting) => boolean): InputSettled | undefined => {
    const [id] = [...waiting].find(([, entry]) => isMeant(entry)) ?? [];
    if (id === undefined) return undefined;
    waiting.delete(id);
    return { type: 'input-settled', id, decision: 'withdrawn' };
  };

  /** Reads a message to the server of the caller's tools: a call, or that the CLI has cancelled one. */
  const readCall = (requestId: string, call: ToolMessage) => {
    const callId = toCallId(call);
    if (callId === undefined) {
      reply(requestId, toToolReply(call, {}));
      const meant = call.params?.requestId;
      return withdraw((entry) => meant !== undefined && entry.call?.id === meant);
    }
    const id = createId();
    const toCallReply = (answer: InputAnswer) => toToolReply(call, toToolResult(answer));
    waiting.set(id, { requestId, call, toReply: toCallReply });
    const { name = '', arguments: input = {} } = call.params ?? {};
    return { type: 'tool-request', id, callId, toolName: name, input } as const;
  };

  return {
    isWaiting: () => waiting.size > 0,
    /** Reads a control request of the CLI; what cannot be read is denied. */
    ask(requestId: string, request: ControlRequest): InputRequest | InputSettled | undefined {
      const message = readToolMessage(request);
      if (message) return readCall(requestId, message);
      const { data } = Asked.safeParse(request);
      if (!data) {
        reply(requestId, { behavior: 'deny', message: 'Nobody here understands this request.' });
        return undefined;
      }
      const id = createId();
      waiting.set(id, { requestId, toReply: (answer) => toReply(data, answer) });
      return toRequest(id, data);
    },
    /** Throws `conflict` when no input with this id is pending. */
    answer(id: string, answer: InputAnswer) {
      const found = waiting.get(id);
      if (!found) {
        throw new RunError('conflict', 'The run does not wait for this any more.', { param: 'id' });
      }
      waiting.delete(id);
      reply(found.requestId, found.toReply(answer));
      const { decision } = answer;
      onSettled({
        type: 'input-settled',
        id,
        decision,
        ...(decision === 'deny' && { message: answer.message }),
      });
    },
    /** The CLI has cancelled this request. */
    withdraw: (requestId: string) => withdraw((entry) => entry.requestId === requestId),
  };
}

function createId() {
  return `inp_${randomUUID().replaceAll('-', '')}`;
}

/** The agent sees a denial as an error, like a tool's own. */
function toToolResult(answer: InputAnswer) {
  return answer.decision === 'allow'
    ? toMcpResult(answer.result ?? { content: [], isError: false })
    : toMcpResult({ content: [{ type: 'text', text: answer.message }], isError: true });
}

function toRequest(id: string, asked: Asked): InputRequest {
  const callId = asked.tool_use_id;
  const questions = asked.tool_name === 'AskUserQuestion' && Questions.safeParse(asked.input).data;
  if (questions) {
    return { type: 'question', id, callId, questions: questions.questions.map(toQuestion) };
  }
  if (asked.tool_name === 'ExitPlanMode') {
    // Without a plan file the CLI sends no plan; it is in the agent's text then.
    return { type: 'plan-review', id, callId, plan: Plan.safeParse(asked.input).data?.plan ?? '' };
  }
  return {
    type: 'approval-request',
    id,
    callId,
    toolName: asked.tool_name,
    input: asked.input,
    ...(asked.description != null && { description: asked.description }),
    ...(asked.decision_reason != null && { reason: asked.decision_reason }),
    ...(asked.blocked_path != null && { path: asked.blocked_path }),
    suggestions: toSuggestions(asked),
  };
}

function toQuestion({
  multiSelect,
  ...question
}: z.infer<typeof Questions>['questions'][number]): AgentQuestion {
  return { ...question, isMultiple: multiSelect };
}

/** Only rules: an answer may not grant folders or modes. */
function toSuggestions({ permission_suggestions: suggestions }: Asked) {
  return (suggestions ?? []).flatMap((suggestion) => {
    const { data } = AddRules.safeParse(suggestion);
    return (data?.rules ?? []).map(({ toolName, ruleContent }) =>
      ruleContent == null ? toolName : `${toolName}(${ruleContent})`,
    );
  });
}

function toReply({ input }: Asked, answer: InputAnswer) {
  if (answer.decision === 'deny') return { behavior: 'deny', message: answer.message };
  const { answers, rules = [] } = answer;
  return {
    behavior: 'allow',
    updatedInput: { ...(answer.input ?? input), ...(answers && { answers }) },
    ...(rules.length > 0 && { updatedPermissions: [toAddRules(rules)] }),
  };
}

/** For this process only: no setting file is written. */
function toAddRules(rules: readonly string[]) {
  return { type: 'addRules', rules: rules.map(toRule), behavior: 'allow', destination: 'session' };
}

function toRule(text: string) {
  const [, toolName = text, ruleContent] = /^([^(]+)\((.*)\)$/s.exec(text) ?? [];
  return { toolName, ...(ruleContent !== undefined && { ruleContent }) };
}

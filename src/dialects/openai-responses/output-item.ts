import type { AnswerPart } from '../../run-answer.ts';
import { sealRedacted, sealText } from './sealed-text.ts';
import type { ClientTool } from './tools/read-tools.ts';
import {
  type CallType,
  isCallType,
  toBegunFields,
  toCallFields,
  toCallType,
  toIdPrefix,
} from './tools/tool-kinds.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export type OutputText = { type: 'output_text'; text: string; annotations: []; logprobs: [] };
export type OutputRefusal = { type: 'refusal'; refusal: string };

/** A call of a tool that the caller runs; what else it holds is its kind's business. */
type CallItem = {
  type: CallType;
  id: string;
  status: ItemStatus;
  call_id: string;
} & Readonly<Record<string, unknown>>;

export type OutputItem =
  | {
      type: 'message';
      id: string;
      status: ItemStatus;
      role: 'assistant';
      content: (OutputText | OutputRefusal)[];
    }
  | CallItem
  | {
      type: 'reasoning';
      id: string;
      summary: { type: 'summary_text'; text: string }[];
      encrypted_content?: string | null;
    }
  | { type: 'compaction'; id: string; encrypted_content: string };

const PREFIXES = {
  message: 'msg',
  reasoning: 'rs',
  compaction: 'cmp',
} satisfies Record<Exclude<OutputItem['type'], CallType>, string>;

export type ItemOptions = {
  responseId: string;
  /** Whether the caller wants to bring thinking back. */
  withEncryptedReasoning: boolean;
  /** The tools of the request, by the names by which the model knows them. */
  tools: ReadonlyMap<string, ClientTool>;
  /** Whether the answer is one compaction. */
  isCompaction: boolean;
};

/** An item's id names its response, so that a reference to it finds it. */
function toItemId(type: OutputItem['type'], responseId: string, index: number): string {
  const prefix = isCallType(type) ? toIdPrefix(type) : PREFIXES[type];
  return `${prefix}_${responseId.replace(/^resp_/, '')}_${index}`;
}

/** The response that an item's id names; `undefined` for an id that was not made here. */
export function toResponseIdOfItem(itemId: string): string | undefined {
  const { stem } = /^[a-z]+_(?<stem>\w+)_\w?\d+$/.exec(itemId)?.groups ?? {};
  return stem === undefined ? undefined : `resp_${stem}`;
}

/** Tells whether a part of an answer becomes an item. */
export function isOutput(
  part: { type: AnswerPart['type'] },
  { isCompaction }: Pick<ItemOptions, 'isCompaction'>,
): boolean {
  return part.type !== 'tool-result' && !isCompaction;
}

/** A part of an answer as an item of the output. */
export function toOutputItem(
  part: AnswerPart,
  index: number,
  status: ItemStatus,
  options: ItemOptions,
): OutputItem {
  const { responseId, withEncryptedReasoning } = options;
  const toId = (type: OutputItem['type']) => toItemId(type, responseId, index);
  switch (part.type) {
    case 'tool-call':
      return toCallItem(part, index, status, options);
    case 'reasoning':
    case 'redacted-reasoning': {
      const text = part.type === 'reasoning' ? part.text : '';
      const sealed =
        part.type === 'reasoning' ? sealProof(part.signature) : sealRedacted(part.data);
      return {
        type: 'reasoning',
        id: toId('reasoning'),
        summary: text === '' ? [] : [{ type: 'summary_text', text }],
        ...(withEncryptedReasoning && { encrypted_content: sealed }),
      };
    }
    case 'text':
    case 'tool-result': {
      const content = status === 'in_progress' ? [] : [toOutputText(part.text)];
      return { type: 'message', id: toId('message'), status, role: 'assistant', content };
    }
  }
}

/** A call as the item of its tool's kind; one of an unknown tool is told as a function's. */
function toCallItem(
  part: Extract<AnswerPart, { type: 'tool-call' }>,
  index: number,
  status: ItemStatus,
  { tools, responseId }: ItemOptions,
): OutputItem {
  const {
    type: toolType,
    name,
    namespace,
  } = tools.get(part.name) ?? {
    type: 'function',
    name: part.name,
    namespace: undefined,
  };
  const type = toCallType(toolType);
  const called = { name, ...(namespace !== undefined && { namespace }) };
  return {
    type,
    id: toItemId(type, responseId, index),
    status,
    call_id: part.id,
    ...(status === 'in_progress'
      ? toBegunFields(toolType, called)
      : toCallFields(toolType, part.input, called)),
  };
}

/** The message that says that the model refused. */
export function toRefusalItem(
  content: OutputRefusal[],
  index: number,
  status: ItemStatus,
  { responseId }: ItemOptions,
): OutputItem {
  const id = toItemId('message', responseId, index);
  return { type: 'message', id, status, role: 'assistant', content };
}

/** What a conversation was made smaller to. */
export function toCompactionItem(
  summary: string,
  { responseId }: Pick<ItemOptions, 'responseId'>,
): OutputItem {
  const id = toItemId('compaction', responseId, 0);
  return { type: 'compaction', id, encrypted_content: sealText(summary) };
}

/** A text as the content of a message. */
export function toOutputText(text: string): OutputText {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function sealProof(signature: string | undefined) {
  return signature === undefined ? null : sealText(signature);
}

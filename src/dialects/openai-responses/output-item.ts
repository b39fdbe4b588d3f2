import type { AnswerPart } from '../../run-answer.ts';
import { sealRedacted, sealText } from './sealed-text.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export type OutputText = { type: 'output_text'; text: string; annotations: []; logprobs: [] };
export type OutputRefusal = { type: 'refusal'; refusal: string };

export type OutputItem =
  | {
      type: 'message';
      id: string;
      status: ItemStatus;
      role: 'assistant';
      content: (OutputText | OutputRefusal)[];
    }
  | {
      type: 'function_call';
      id: string;
      status: ItemStatus;
      call_id: string;
      name: string;
      arguments: string;
    }
  | {
      type: 'reasoning';
      id: string;
      summary: { type: 'summary_text'; text: string }[];
      encrypted_content?: string | null;
    };

const PREFIXES = {
  message: 'msg',
  function_call: 'fc',
  reasoning: 'rs',
} satisfies Record<OutputItem['type'], string>;

export type ItemOptions = {
  responseId: string;
  /** Whether the caller wants to bring thinking back. */
  withEncryptedReasoning: boolean;
};

/** An item's id names its response, so that a reference to it finds it. */
function toItemId(type: OutputItem['type'], responseId: string, index: number): string {
  return `${PREFIXES[type]}_${responseId.replace(/^resp_/, '')}_${index}`;
}

/** The response that an item's id names; `undefined` for an id that was not made here. */
export function toResponseIdOfItem(itemId: string): string | undefined {
  const { stem } = /^[a-z]+_(?<stem>\w+)_\w?\d+$/.exec(itemId)?.groups ?? {};
  return stem === undefined ? undefined : `resp_${stem}`;
}

/** Tells whether a part of an answer becomes an item. */
export function isOutput(part: { type: AnswerPart['type'] }): boolean {
  return part.type !== 'tool-result';
}

/** A part of an answer as an item of the output. */
export function toOutputItem(
  part: AnswerPart,
  index: number,
  status: ItemStatus,
  { responseId, withEncryptedReasoning }: ItemOptions,
): OutputItem {
  const toId = (type: OutputItem['type']) => toItemId(type, responseId, index);
  switch (part.type) {
    case 'tool-call':
      return {
        type: 'function_call',
        id: toId('function_call'),
        status,
        call_id: part.id,
        name: part.name,
        arguments: status === 'in_progress' ? '' : part.input || '{}',
      };
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

/** A text as the content of a message. */
export function toOutputText(text: string): OutputText {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function sealProof(signature: string | undefined) {
  return signature === undefined ? null : sealText(signature);
}

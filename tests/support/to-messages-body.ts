import type { Block, MessagesBody } from '../../src/demo/messages-body.ts';
import type {
  MediaSource,
  Part,
  RunRequest,
  Sampling,
  Thinking,
  ToolChoice,
} from '../../src/run.ts';

/** A request as the API would get it, without the CLI's own words. */
export function toMessagesBody(request: RunRequest, model: string): MessagesBody {
  const choice = toChoice(request.toolChoice);
  const { sampling, output, tools, effort } = request;
  const format =
    output.type === 'json' && output.schema
      ? { type: 'json_schema', schema: output.schema }
      : undefined;
  return {
    model,
    stream: true,
    max_tokens: sampling.maxOutputTokens ?? 32_000,
    system: request.instructions.join('\n\n'),
    messages: request.messages.map(({ role, parts }) => ({ role, content: parts.map(toBlock) })),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        input_schema: inputSchema,
      })),
    }),
    ...((choice ?? !request.parallelToolCalls) && {
      tool_choice: {
        ...(choice ?? { type: 'auto' }),
        ...(!request.parallelToolCalls && { disable_parallel_tool_use: true }),
      },
    }),
    ...((format ?? effort) && { output_config: { ...(format && { format }), effort } }),
    ...toThinking(request.thinking),
    ...toSampling(sampling),
  };
}

function toBlock(part: Part): Block {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'reasoning':
      return { type: 'thinking', thinking: part.text, signature: part.signature };
    case 'image':
    case 'document':
      return { type: part.type, source: toSource(part.source) };
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: part.callId,
        content: part.content.map(toBlock),
        is_error: part.isError,
      };
    default:
      throw new Error(`The scripted run takes no part of the type ${part.type}.`);
  }
}

function toSource(source: MediaSource) {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'url':
      return { type: 'url', url: source.url };
  }
}

function toChoice(choice: ToolChoice) {
  switch (choice.type) {
    case 'auto':
      return undefined;
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any' };
    case 'tool':
      return { type: 'tool', name: choice.name };
  }
}

function toThinking(thinking: Thinking): Pick<MessagesBody, 'thinking'> {
  switch (thinking.type) {
    case 'default':
      return {};
    case 'off':
      return { thinking: { type: 'disabled' } };
    case 'adaptive':
      return { thinking: { type: 'adaptive', display: thinking.display } };
    case 'budget':
      return {
        thinking: {
          type: 'enabled',
          budget_tokens: thinking.tokens,
          display: thinking.display,
        },
      };
  }
}

function toSampling({ temperature, topP, topK, stop }: Sampling) {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stop && { stop_sequences: [...stop] }),
  };
}

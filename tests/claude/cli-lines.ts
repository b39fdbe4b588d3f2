import { type CliLine, readCliLine } from '../../src/claude/process/protocol.ts';

/** A line of the CLI as the runner reads it; a line that it would skip is a mistake of the test. */
export function toLine(line: object): CliLine {
  const read = readCliLine(JSON.stringify(line));
  if (!read) throw new Error(`No line of the CLI: ${JSON.stringify(line)}`);
  return read;
}

const event = (body: object, parent?: string) =>
  toLine({ type: 'stream_event', event: body, parent_tool_use_id: parent ?? null });

export const messageStart = (id = 'msg_1', parent?: string) =>
  event(
    { type: 'message_start', message: { id, model: 'claude-x', usage: { input_tokens: 7 } } },
    parent,
  );

/** A whole text block, a word a delta. */
export const textBlock = (words: readonly string[], { index = 0, parent = '' } = {}) =>
  [
    { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
    ...words.map((text) => ({
      type: 'content_block_delta',
      index,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index },
  ].map((body) => event(body, parent || undefined));

export const toolBlock = (id: string, name: string, index = 0) =>
  [
    { type: 'content_block_start', index, content_block: { type: 'tool_use', id, name } },
    { type: 'content_block_stop', index },
  ].map((body) => event(body));

export const messageDelta = (stop_reason: string | null) =>
  event({ type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 3 } });

export const messageStop = () => event({ type: 'message_stop' });

export const retry = (error_status: number | null, retry_delay_ms = 500) =>
  toLine({ type: 'system', subtype: 'api_retry', error_status, retry_delay_ms });

export const result = (fields: object = {}) =>
  toLine({
    type: 'result',
    subtype: 'success',
    is_error: false,
    num_turns: 1,
    session_id: 's',
    ...fields,
  });

export const failedResult = (api_error_status: number | null, text: string) =>
  result({ is_error: true, api_error_status, result: text });

/** The CLI's own words in place of the model's. */
export const synthetic = () =>
  toLine({ type: 'assistant', error: 'unknown', parent_tool_use_id: null });

/** Lines as a process says them. */
export async function* say(lines: readonly CliLine[]): AsyncIterable<CliLine> {
  yield* lines;
}

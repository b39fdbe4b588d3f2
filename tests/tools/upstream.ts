import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { type Reply, textReply, toolReply } from '../../src/demo/replies.ts';
import { type Block, type MessagesBody, toBlocks } from '../../src/demo/messages-body.ts';
import type { Proxy } from '../support/start-proxy.ts';

/** What arrived upstream last. */
export function lastRequest({
  model,
}: {
  model: Pick<Proxy['model'], 'requests'>;
}): UpstreamRequest {
  const request = model.requests.at(-1);
  if (!request) throw new Error('Nothing arrived upstream.');
  return request;
}

/** Names the CLI process that sent a request. */
export function toProcess({ headers }: UpstreamRequest): unknown {
  return headers['x-claude-code-session-id'];
}

/**
 * Whether the process went on with the turn of the call, rather than being told the conversation anew: the
 * CLI tells the date behind the first message that it answered.
 */
export function wentOn({ body }: UpstreamRequest): boolean {
  return JSON.stringify(body.messages[1]).includes("Today's date");
}

/** The conversation as it arrived, every content as blocks, without the messages that the CLI adds. */
export function toSpoken({ body }: UpstreamRequest) {
  return body.messages
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => ({ role, content: toBlocks(content).map(withoutMarks) }));
}

/** The tool results of the last user message. */
export function toResults(request: UpstreamRequest): Block[] {
  const last = toSpoken(request).findLast(({ role }) => role === 'user');
  return (last?.content ?? []).filter(({ type }) => type === 'tool_result');
}

/** A model that makes these calls, and answers their results. */
export function callThenSay(calls: Parameters<typeof toolReply>[0], said = 'Done.') {
  return (body: MessagesBody): Reply => (hasResults(body) ? textReply(said) : toolReply(calls));
}

export function hasResults({ messages }: MessagesBody): boolean {
  return messages.some(({ content }) =>
    toBlocks(content).some(({ type }) => type === 'tool_result'),
  );
}

function withoutMarks(block: Block): Block {
  const { cache_control: _, ...unmarked } = block;
  return unmarked;
}

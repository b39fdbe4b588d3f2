import { readSse, type Sse } from '../support/read-sse.ts';
import type { CallName } from '../support/calls.ts';

/** What a caller gets of a stream that fails: the text before, and the last message. */
export type BrokenStream = {
  status: number;
  text: string;
  last: { event: string | undefined; data: unknown };
  hasNormalEnd: boolean;
};

type Event = {
  type?: string;
  delta?: string | { text?: string };
  choices?: { delta?: { content?: string } }[];
};

const NORMAL_ENDS: Readonly<Record<CallName, RegExp>> = {
  'chat completions': /\[DONE\]|"finish_reason":"/,
  messages: /message_stop|message_delta/,
  'agent runs': /run-end/,
};

/** Reads a stream to its end. `onText` is called with the text so far whenever there is more of it. */
export async function readStream(
  call: CallName,
  response: Response,
  onText: (text: string) => void = () => undefined,
): Promise<BrokenStream> {
  const messages: Sse[] = [];
  let text = '';
  for await (const message of readSse(response)) {
    messages.push(message);
    const piece = message.data === '[DONE]' ? '' : toText(JSON.parse(message.data) as Event);
    text += piece;
    if (piece !== '') onText(text);
  }
  const hasNormalEnd = messages.some(({ data }) => NORMAL_ENDS[call].test(data));
  return { status: response.status, text, last: toLast(messages), hasNormalEnd };
}

function toLast(messages: readonly Sse[]) {
  const { event, data = '' } = messages.at(-1) ?? {};
  return { event, data: data.startsWith('{') ? (JSON.parse(data) as unknown) : data };
}

function toText({ delta, choices }: Event) {
  if (typeof delta === 'string') return delta;
  return delta?.text ?? choices?.[0]?.delta?.content ?? '';
}

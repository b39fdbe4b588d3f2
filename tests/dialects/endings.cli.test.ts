import { beforeAll, describe, expect, test } from 'vitest';

import {
  emptyReply,
  refusalReply,
  type Reply,
  textReply,
  thinkingReply,
} from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { ask, CHAT_DIALECTS } from './chat-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

type Ending = {
  ending: string;
  reply: Reply;
  text: string;
  thoughts?: string;
  /** The reason in the words of each dialect. */
  reasons: Record<string, string>;
};

const CUT = { 'openai-chat': 'length', 'anthropic-messages': 'max_tokens' };
const REFUSED = { 'openai-chat': 'content_filter', 'anthropic-messages': 'refusal' };
const STOPPED = { 'openai-chat': 'stop', 'anthropic-messages': 'end_turn' };

/** After all but the first two the CLI would go on by itself, and say the text again. */
const ENDINGS: readonly Ending[] = [
  { ending: 'end_turn', reply: textReply('All is well.'), text: 'All is well.', reasons: STOPPED },
  {
    ending: 'stop_sequence',
    reply: textReply('One two', { stopReason: 'stop_sequence', stopSequence: 'three' }),
    text: 'One two',
    reasons: { 'openai-chat': 'stop', 'anthropic-messages': 'stop_sequence' },
  },
  {
    ending: 'max_tokens',
    reply: textReply('Once upon a', { stopReason: 'max_tokens' }),
    text: 'Once upon a',
    reasons: CUT,
  },
  {
    ending: 'max_tokens in the middle of thinking',
    reply: thinkingReply('Hm, hm.', '', { stopReason: 'max_tokens' }),
    text: '',
    thoughts: 'Hm, hm.',
    reasons: CUT,
  },
  { ending: 'refusal', reply: refusalReply('No way.'), text: 'No way.', reasons: REFUSED },
  { ending: 'refusal without a word', reply: refusalReply(), text: '', reasons: REFUSED },
  { ending: 'nothing at all', reply: emptyReply(), text: '', reasons: STOPPED },
  {
    ending: 'full context',
    reply: textReply('So far', { stopReason: 'model_context_window_exceeded' }),
    text: 'So far',
    reasons: {
      'openai-chat': 'length',
      'anthropic-messages': 'model_context_window_exceeded',
    },
  },
];

describe.for(CHAT_DIALECTS)('$name', (dialect) => {
  test.for(ENDINGS)('$ending: the text once, with its reason, whole and streamed', async (row) => {
    proxy.model.answer = () => row.reply;
    const messages = [{ role: 'user', content: 'Tell me.' }] as const;
    const answers = await Promise.all([
      ask(proxy, dialect, { messages }),
      ask(proxy, dialect, { messages, stream: true }),
    ]);

    const expected = {
      text: row.text,
      thoughts: row.thoughts ?? '',
      reason: row.reasons[dialect.name],
    };
    expect(answers).toEqual([expected, expected]);
  });
});

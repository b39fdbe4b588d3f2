import { beforeAll, describe, expect, test } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { CHAT_DIALECTS } from '../dialects/chat-dialects.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { askFor } from './ask-for.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const PIECES = ['One', ' two', '\n', '\n', 'three', ' four'];

type Row = { stops: string[]; maxTokens?: number; text: string; ending: 'stop' | 'length' | 'end' };

/** The first two are the model's doing; blanks are watched for here, since the API refuses them. */
const ROWS: readonly Row[] = [
  { stops: ['two'], text: 'One ', ending: 'stop' },
  { stops: [], maxTokens: 2, text: 'One two', ending: 'length' },
  { stops: ['\n\n'], text: 'One two', ending: 'stop' },
  { stops: ['', '\n\n', 'three', '\n\n\n'], text: 'One two', ending: 'stop' },
  { stops: ['\n\n\n', '', '\t'], text: 'One two\n\nthree four', ending: 'end' },
];

type Word = { stops: string; endings: Record<Row['ending'], string> };

const WORDS: Readonly<Record<string, Word>> = {
  'openai-chat': { stops: 'stop', endings: { stop: 'stop', length: 'length', end: 'stop' } },
  'anthropic-messages': {
    stops: 'stop_sequences',
    endings: { stop: 'stop_sequence', length: 'max_tokens', end: 'end_turn' },
  },
};

describe.for(CHAT_DIALECTS)('$name', (dialect) => {
  test.for(ROWS)('stops $stops, at most $maxTokens tokens', async (row) => {
    // The demo's answers stop as they are told to; what reaches it here decides.
    proxy.model.answer = ({ stop_sequences: stops = [], max_tokens: limit = 0 }) => {
      if (stops.includes('two'))
        return textReply('One ', { stopReason: 'stop_sequence', stopSequence: 'two' });
      return limit === 2
        ? textReply('One two', { stopReason: 'max_tokens' })
        : textReply('', { pieces: PIECES });
    };
    const words = WORDS[dialect.name];
    const fields = {
      ...(words && row.stops.length > 0 && { [words.stops]: row.stops }),
      ...(row.maxTokens !== undefined && { max_tokens: row.maxTokens }),
    };
    const whole = await askFor(proxy, dialect, fields);
    const streamed = await askFor(proxy, dialect, fields, { stream: true });

    const said = { text: row.text, reason: words?.endings[row.ending] };
    expect(dialect.readWhole(whole.body)).toMatchObject(said);
    expect(dialect.readStream(streamed.messages)).toMatchObject(said);
    const kept = row.stops.filter((stop) => stop.trim() !== '');
    expect(whole.upstream[0]?.stop_sequences).toEqual(kept.length > 0 ? kept : undefined);
  });
});

test.for([
  [['two'], 'two'],
  [['\n'], '\n'],
] as const)('messages name the sequence that ended the text: %j', async ([stops, sequence]) => {
  const anthropic = CHAT_DIALECTS.find(({ name }) => name === 'anthropic-messages');
  if (!anthropic) throw new Error('The dialect is in the table.');
  proxy.model.answer = ({ stop_sequences: given }) =>
    given
      ? textReply('One ', { stopReason: 'stop_sequence', stopSequence: 'two' })
      : textReply('', { pieces: PIECES });
  const fields = { stop_sequences: stops };
  const whole = await askFor(proxy, anthropic, fields);
  const streamed = await askFor(proxy, anthropic, fields, { stream: true });

  expect(whole.body).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: sequence });
  const end = streamed.messages.find(({ event }) => event === 'message_delta');
  expect(JSON.parse(end?.data ?? '')).toMatchObject({
    delta: { stop_reason: 'stop_sequence', stop_sequence: sequence },
  });
});

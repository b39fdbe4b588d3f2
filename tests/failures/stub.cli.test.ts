import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { ask, CALL_NAMES } from '../support/calls.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub, type StubCli } from '../support/stub-cli.ts';
import { isAlive, readProcesses, untilNoProcess, untilProcess } from '../support/watch-place.ts';
import { readFailure } from './read-failure.ts';
import { readStream } from './read-stream.ts';

const TEXT = 'Hello from the stub.';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startWith(
  behave: (cli: StubCli) => void,
  settings: Record<string, string> = {},
): Promise<Proxy> {
  const stub = await createStub(behave);
  cleanups.push(() => stub.remove());
  const proxy = await startProxy({ claudePath: stub.path, settings: { ...ONE_EACH, ...settings } });
  cleanups.push(() => proxy.stop());
  return proxy;
}

/** Processes that were started for requests, without the server's own question for the status. */
async function countStarts(proxy: Proxy) {
  return (await readFile(join(proxy.folder, 'home', 'starts'), 'utf8')).length - 1;
}

describe('what makes no sense on stdout', () => {
  test('is skipped: words, bytes, blank and unknown lines, a stray reply', async () => {
    const proxy = await startWith((cli) => {
      cli.say('Warning: this is not JSON\n\n{"half": \n[]\nnull\n"text"\n{}\n');
      cli.say(new Uint8Array([0, 255, 254, 128, 10]));
      cli.say({ type: 'something_new', payload: { type: 'result', is_error: true } });
      cli.say({ type: 'stream_event', event: { type: 'content_block_new', index: 7 } });
      cli.say({ type: 'control_response', response: { subtype: 'success', request_id: 'nobody' } });
    });
    for (const call of CALL_NAMES) {
      const response = await ask(proxy, call, 'Hi');
      expect(response.status).toBe(200);
      expect(await response.text()).toContain(TEXT);
    }
  });

  test('is no answer when the CLI ends in the middle of a line', async () => {
    const proxy = await startWith((cli) => {
      cli.onUser = () => {
        const [first] = cli.toTextLines('x');
        cli.say(JSON.stringify(first).slice(0, 30));
        cli.exit(0);
      };
    });
    expect(await readFailure(await ask(proxy, 'chat completions', 'Hi'))).toMatchObject({
      status: 503,
      code: 'cli_failed',
    });
  });

  test('characters and lines may be cut anywhere', async () => {
    const proxy = await startWith((cli) => {
      cli.onUser = () => {
        const lines = cli.toTextLines('Grüße\u2028🙂').map((line) => `${JSON.stringify(line)}\n`);
        const bytes = new TextEncoder().encode(lines.join(''));
        const sayNext = (from: number) => {
          if (from >= bytes.length) return;
          cli.say(bytes.subarray(from, from + 7));
          setImmediate(sayNext, from + 7);
        };
        sayNext(0);
      };
    });
    const response = await ask(proxy, 'chat completions', 'Hi');
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]?.message.content).toBe('Grüße\u2028🙂');
  });
});

describe('a CLI that does not answer', () => {
  test.each(['chat completions', 'agent runs'] as const)(
    '%s: `initialize` unanswered is a 504 in time',
    async (call) => {
      const proxy = await startWith(
        (cli) => {
          if (cli.start > 0) cli.onControl = () => undefined;
        },
        { REQUEST_TIMEOUT_MS: '1500' },
      );
      expect(await readFailure(await ask(proxy, call, 'Hi'))).toMatchObject({ status: 504 });
    },
  );

  test('is killed when it does not heed that its stdin is closed', async () => {
    const proxy = await startWith(
      (cli) => {
        if (cli.start === 0) return;
        setInterval(() => undefined, 60_000);
        cli.exit = (() => undefined) as never; // stays whatever happens
        cli.onControl = () => undefined;
      },
      { REQUEST_TIMEOUT_MS: '1500' },
    );
    await untilNoProcess(proxy);
    const started = untilProcess(proxy);
    const answer = ask(proxy, 'messages', 'Hi');
    await started;
    const pids = await readProcesses(proxy);
    expect((await answer).status).toBe(504);
    await untilNoProcess(proxy);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('a CLI that dies', () => {
  test('at once, every time, is a 503 after three tries', async () => {
    const proxy = await startWith((cli) => {
      if (cli.start > 0) cli.exit(3);
    });
    const response = await ask(proxy, 'messages', 'Hi');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('x-should-retry')).toBeNull();
    const failure = await readFailure(response);
    expect(failure).toMatchObject({ status: 503 });
    expect(failure.message).toMatch(/^The claude CLI ended before its answer was complete/);
    expect(await countStarts(proxy)).toBe(3);
  });

  test('an agent run is not tried again: its session may exist by now', async () => {
    const proxy = await startWith((cli) => {
      if (cli.start > 0) cli.exit(3);
    });
    expect(await readFailure(await ask(proxy, 'agent runs', 'Hi'))).toMatchObject({
      status: 503,
      code: 'cli-failed',
    });
    expect(await countStarts(proxy)).toBe(1);
  });

  test('before it said anything is started again: the second try is the answer', async () => {
    const proxy = await startWith((cli) => {
      if (cli.start === 1) cli.onUser = () => cli.exit(1);
    });
    const response = await ask(proxy, 'messages', 'Hi', { stream: true });
    expect(response.status).toBe(200);
    expect(await readStream('messages', response)).toMatchObject({
      text: TEXT,
      hasNormalEnd: true,
    });
  });

  test('after the first words is not started again: the words would come twice', async () => {
    const proxy = await startWith((cli) => {
      cli.onUser = () => {
        for (const line of cli.toTextLines('half a ').slice(0, 3)) cli.say(line);
        setImmediate(() => cli.exit(1));
      };
    });
    const streamed = await ask(proxy, 'messages', 'Hi', { stream: true });
    expect(await readStream('messages', streamed)).toMatchObject({
      text: 'half a ',
      last: { event: 'error' },
      hasNormalEnd: false,
    });
    expect(await readFailure(await ask(proxy, 'messages', 'Hi'))).toMatchObject({ status: 503 });
    expect(await countStarts(proxy)).toBe(2);
  });
});

test('a CLI that floods stderr answers all the same', async () => {
  const proxy = await startWith((cli) => {
    if (cli.start > 0) cli.stderr('noise '.repeat(500_000));
  });
  const response = await ask(proxy, 'chat completions', 'Hi');
  expect(await response.text()).toContain(TEXT);
});

test('a CLI that refuses a control request is a 503 that tells the caller nothing more', async () => {
  const proxy = await startWith((cli) => {
    const answer = cli.onControl.bind(cli);
    cli.onControl = (line) => {
      if (line.request?.subtype !== 'apply_flag_settings') return answer(line);
      const response = {
        subtype: 'error',
        request_id: line.request_id,
        error: 'secret inner things',
      };
      cli.say({ type: 'control_response', response });
    };
  });
  expect(await readFailure(await ask(proxy, 'chat completions', 'Hi'))).toMatchObject({
    status: 503,
    message: 'The claude CLI refused a control request.',
  });
});

import { expect, test } from 'vitest';

import type { Reachable } from '../support/create-scripted-proxy.ts';
import { callThenSay, lastRequest, toResults } from '../tools/upstream.ts';
import { testConversations } from './conversation-suite.ts';
import type { Reach, ToolClient } from './every-client.ts';

type Parts = {
  /** Called when the tests run: the server is not up before that. */
  proxy: () => Reachable;
  connect: (reach: Reach) => ToolClient;
};

/** What each client has to get, in this process and over a socket from the real CLI. */
export function testClient({ proxy, connect }: Parts): void {
  testConversations({
    proxy,
    connect: (baseURL) => connect({ baseURL, fetch: proxy().fetch }),
  });

  test('a tool that the program runs is called, and its result is answered', async () => {
    const { url, fetch, model } = proxy();
    model.answer = callThenSay([{ name: 'weather', input: { city: 'Paris' } }], 'It is sunny.');
    const cities: string[] = [];
    const said = await connect({ baseURL: `${url}/v1`, fetch }).askWithTool((city) => {
      cities.push(city);
      return `Sunny in ${city}.`;
    });

    expect(said).toBe('It is sunny.');
    expect(cities).toEqual(['Paris']);
    expect(JSON.stringify(toResults(lastRequest(proxy())))).toContain('Sunny in Paris.');
  });
}

import { createStub, type Stub } from '../support/stub-cli.ts';

/**
 * A little program in the place of the CLI, for counts of requests that the real one takes too long for: it asks the
 * model what it is asked, in the name of its worker, and says what that says.
 */
export function createAskingStub(): Promise<Stub> {
  return createStub((cli) => {
    const { ANTHROPIC_BASE_URL: url = '', ANTHROPIC_CUSTOM_HEADERS: custom = '' } = process.env;
    const headers = new Headers({
      'content-type': 'application/json',
      'x-api-key': 'dummy',
      'anthropic-version': '2023-06-01',
    });
    for (const line of custom.split('\n')) {
      const [name = '', value = ''] = line.split(': ');
      headers.set(name, value);
    }
    cli.rewinds();
    const ask = async (content: unknown) => {
      const messages = [{ role: 'user', content }];
      const body = JSON.stringify({ model: 'claude-stub', max_tokens: 100, messages });
      const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body });
      const answer = (await response.json()) as { content?: { text: string }[] }; // the Messages API
      const text = answer.content?.[0]?.text ?? '';
      for (const line of cli.toTextLines(text)) cli.say(line);
    };
    cli.onUser = ({ message }) => void ask(message?.content);
  });
}

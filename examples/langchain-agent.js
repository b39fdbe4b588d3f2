// A LangChain agent with two tools of your own: node examples/langchain-agent.js 'How warm is Paris?'
// BASE_URL names the server (default http://127.0.0.1:6789), PROXY_API_KEY the key.
import { ChatAnthropic } from '@langchain/anthropic';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const { BASE_URL = 'http://127.0.0.1:6789', PROXY_API_KEY } = process.env;

const weather = tool(({ city }) => `${city}: sunny, 21 °C`, {
  name: 'weather',
  description: 'Tells the weather of a city.',
  schema: z.object({ city: z.string() }),
});

const toFahrenheit = tool(({ celsius }) => `${(celsius * 1.8 + 32).toFixed(1)} °F`, {
  name: 'to_fahrenheit',
  description: 'Converts degrees.',
  schema: z.object({ celsius: z.number() }),
});

const agent = createAgent({
  model: new ChatAnthropic({
    model: 'sonnet',
    anthropicApiUrl: BASE_URL,
    apiKey: PROXY_API_KEY,
  }),
  tools: [weather, toFahrenheit],
  systemPrompt: 'Answer in one sentence.',
});

const content = process.argv.slice(2).join(' ') || 'How warm is Paris?';
const { messages } = await agent.invoke({ messages: [{ role: 'user', content }] });

for (const message of messages) {
  const calls = (message.tool_calls ?? []).map(
    ({ name, args }) => `${name}(${JSON.stringify(args)})`,
  );
  console.log(`${message.getType()}: ${[message.text, ...calls].filter(Boolean).join(' ')}`);
}

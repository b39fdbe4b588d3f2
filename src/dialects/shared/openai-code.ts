import type { Literals } from '../trial.ts';

/** A call of OpenAI's Python client. */
export const toPython = ({ v1 }: Literals, call: string) => `import os
from openai import OpenAI

client = OpenAI(base_url=${v1}, api_key=os.environ["PROXY_API_KEY"])
${call}`;

/** A call of OpenAI's JavaScript client. */
export const toTypeScript = ({ v1 }: Literals, call: string) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: ${v1}, apiKey: process.env.PROXY_API_KEY });
${call}`;

/** The model of LangChain with this name. */
export const toLangChain = ({ v1, model, prompt }: Literals, name: string, more = '') => `import os
from langchain_openai import ${name}

model = ${name}(
    model=${model}, base_url=${v1}, api_key=os.environ["PROXY_API_KEY"]${more}
)
for chunk in model.stream(${prompt}):
    print(${name === 'OpenAI' ? 'chunk' : 'chunk.text'}, end="", flush=True)`;

import { type ToCode, toPrompt, type Trial } from '../trial.ts';

const toCode: ToCode = ({ url, model, prompt }) => ({
  python: `import os
import requests

response = requests.post(
    ${url} + "/api/run",
    headers={"Authorization": "Bearer " + os.environ["PROXY_API_KEY"]},
    json={"model": ${model}, "prompt": ${prompt}},
)
print(response.json()["result"])`,
  typescript: `const response = await fetch(${url} + '/api/run', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.PROXY_API_KEY}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify({ model: ${model}, prompt: ${prompt} }),
});
console.log((await response.json()).result);`,
  langchain: `# LangChain knows models, not agents of other programs; as one of its runnables:
import os
import requests
from langchain_core.runnables import RunnableLambda

def ask(prompt):
    response = requests.post(
        ${url} + "/api/run",
        headers={"Authorization": "Bearer " + os.environ["PROXY_API_KEY"]},
        json={"model": ${model}, "prompt": prompt},
    )
    return response.json()["result"]

print(RunnableLambda(ask).invoke(${prompt}))`,
});

/** How agents are tried. */
export const trial: Trial = {
  name: 'direct',
  title: 'Agent (/api/run)',
  path: '/api/run',
  takes: ['system', 'schema', 'effort', 'agent'],
  toBody: (request) => ({
    model: request.model,
    prompt: toPrompt(request),
    systemPrompt: request.system,
    outputSchema: request.schema,
    effort: request.effort,
    ...request.agent,
    stream: !request.isWhole,
  }),
  toCode,
};

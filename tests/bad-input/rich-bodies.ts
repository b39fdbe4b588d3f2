import { EVERY_RULE } from '../support/keys.ts';

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
const PDF = 'JVBERi0xLjQK';

const CHAT = {
  model: 'sonnet',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        {
          type: 'file',
          file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` },
        },
      ],
    },
    {
      role: 'assistant',
      content: 'Let me see.',
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Ulm"}' },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'Sunny.' }] },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }], refusal: null },
    { role: 'user', content: 'Why?' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'weather', description: 'Tells it.', parameters: SCHEMA, strict: true },
    },
  ],
  tool_choice: { type: 'function', function: { name: 'weather' } },
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: { name: 'place', schema: SCHEMA } },
  stream: false,
  stream_options: { include_usage: true },
  temperature: 1,
  top_p: 0.9,
  max_tokens: 100,
  stop: ['END'],
  reasoning_effort: 'low',
  n: 1,
  user: 'somebody',
};

const MESSAGE = {
  model: 'sonnet',
  max_tokens: 4000,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hi' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Ulm' } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [{ type: 'text', text: 'Sunny.' }],
        },
      ],
    },
  ],
  tools: [{ name: 'weather', description: 'Tells it.', input_schema: SCHEMA }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 2000 },
  output_config: { effort: 'low', format: { type: 'json_schema', schema: SCHEMA } },
  metadata: { user_id: 'somebody' },
  stop_sequences: ['END'],
  stream: false,
};

const RESPONSE = {
  model: 'sonnet',
  instructions: 'Be brief.',
  input: [
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is this?' },
        { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
        { type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` },
      ],
    },
    { type: 'reasoning', summary: [{ text: 'Hm.' }], encrypted_content: null },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Ulm"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'Sunny.' },
    { role: 'assistant', content: [{ type: 'output_text', text: 'Sun.' }] },
    { role: 'user', content: 'Why?' },
  ],
  tools: [{ type: 'function', name: 'weather', parameters: SCHEMA, strict: true }],
  tool_choice: {
    type: 'allowed_tools',
    mode: 'auto',
    tools: [{ type: 'function', name: 'weather' }],
  },
  text: { format: { type: 'json_schema', name: 'place', schema: SCHEMA }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  metadata: { a: 'b' },
  store: false,
  background: false,
  stream: false,
  max_output_tokens: 100,
  truncation: 'auto',
  user: 'somebody',
};

const OLLAMA = {
  model: 'sonnet:latest',
  stream: false,
  format: SCHEMA,
  options: { temperature: 0.5, top_p: 0.9, top_k: 40, stop: ['END'], num_predict: 100, seed: 1 },
  think: 'low',
  keep_alive: '5m',
  logprobs: false,
};

const OLLAMA_CHAT = {
  ...OLLAMA,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is this?', images: [PNG] },
    {
      role: 'assistant',
      content: 'Let me see.',
      thinking: 'Hm.',
      tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: { city: 'Ulm' } } }],
    },
    { role: 'tool', content: 'Sunny.', tool_name: 'weather', tool_call_id: 'call_1' },
    { role: 'assistant', content: 'Sun.' },
    { role: 'user', content: 'Why?' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'weather', description: 'Tells it.', parameters: SCHEMA },
    },
  ],
};

/** For every operation with a body one that says as much as there is to say. */
export const RICH_BODIES: Readonly<Record<string, object>> = {
  'POST /v1/chat/completions': CHAT,
  'POST /v1/messages': MESSAGE,
  'POST /v1/messages/count_tokens': MESSAGE,
  'POST /v1/messages/batches': {
    requests: [
      { custom_id: 'a', params: MESSAGE },
      { custom_id: 'b', params: { model: 'sonnet' } },
    ],
  },
  'POST /v1/batches': {
    input_file_id: 'file-1',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { run: 'nightly' },
  },
  'POST /v1/completions': {
    model: 'sonnet',
    prompt: ['Say hello.'],
    stream: false,
    stream_options: { include_usage: true },
    max_tokens: 10,
    temperature: 1,
    top_p: 1,
    stop: ['END'],
    n: 1,
    best_of: 1,
    echo: false,
    suffix: '',
    user: 'somebody',
  },
  'POST /v1/responses': RESPONSE,
  'POST /v1/responses/compact': RESPONSE,
  'POST /v1/responses/input_tokens': RESPONSE,
  'POST /api/runs/{id}/messages': { text: 'Look at the tests, too.' },
  'PATCH /api/runs/{id}': { permissionMode: 'acceptEdits', model: 'sonnet' },
  'POST /api/runs/{id}/ask': { question: 'How far are you?' },
  'POST /api/runs/{id}/tool-results': { id: 'in-1', content: 'Seen.', isError: false },
  'POST /api/sessions/{id}/rewind': { since: '00000000-0000-4000-8000-000000000000' },
  'POST /api/runs/{id}/approvals/{approvalId}': {
    decision: 'allow',
    input: { command: 'ls' },
    message: 'No.',
    remember: true,
    answers: { 'Which one?': 'This one', 'Which ones?': ['This', 'That'] },
  },
  'POST /api/run': {
    prompt: 'Which files are here?',
    model: 'sonnet',
    appendSystemPrompt: 'Be brief.',
    allowedTools: ['Read', 'Bash(git log *)'],
    disallowedTools: ['Write'],
    additionalDirectories: ['.'],
    maxTurns: 3,
    permissionMode: 'plan',
    effort: 'low',
    maxBudgetUsd: 1,
    outputSchema: SCHEMA,
    stream: false,
  },
  'POST /api/chat': OLLAMA_CHAT,
  'POST /api/generate': {
    ...OLLAMA,
    format: 'json',
    options: { num_predict: -1 },
    prompt: 'What is this?',
    system: 'Be brief.',
    images: [PNG],
    suffix: '',
    raw: false,
    template: '',
  },
  'POST /api/show': { model: 'sonnet', name: 'sonnet', verbose: false },
  'POST /api/admin/keys': { name: 'laptop', ...EVERY_RULE },
  'POST /api/admin/keys/{id}/rotate': { overlapSeconds: 60 },
  'PATCH /api/admin/workers/{id}': { isDraining: true },
  'PUT /api/admin/keys/{id}': { scopes: ['chat'], models: ['sonnet'], usdPerDay: 2.5 },
};

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const CHAT = { model: 'sonnet', messages: MESSAGES };
const ANTHROPIC = { model: 'sonnet', max_tokens: 10, messages: MESSAGES };

/** Every route that needs the key, with what it takes. */
export const ROUTES: readonly { method: 'GET' | 'POST'; path: string; body?: object }[] = [
  { method: 'POST', path: '/v1/chat/completions', body: CHAT },
  { method: 'POST', path: '/v1/messages', body: ANTHROPIC },
  { method: 'POST', path: '/v1/messages/count_tokens', body: CHAT },
  { method: 'POST', path: '/v1/completions', body: { model: 'sonnet', prompt: 'Hi' } },
  { method: 'POST', path: '/v1/responses', body: { model: 'sonnet', input: 'Hi' } },
  { method: 'POST', path: '/api/run', body: { prompt: 'Hi' } },
  { method: 'POST', path: '/api/chat', body: CHAT },
  { method: 'POST', path: '/api/generate', body: { model: 'sonnet', prompt: 'Hi' } },
  { method: 'POST', path: '/api/show', body: { model: 'sonnet' } },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: '/v1/models/sonnet' },
  { method: 'GET', path: '/api/sessions' },
  { method: 'GET', path: '/api/tags' },
  { method: 'GET', path: '/api/version' },
  { method: 'GET', path: '/api/ps' },
];

/** How paths differ when a client's base URL is not quite right → what is meant. */
export const ALIASES: readonly { path: string; body?: object }[] = [
  { path: '/v1/chat/completions/', body: CHAT },
  { path: '/chat/completions', body: CHAT },
  { path: '/v1/v1/chat/completions', body: CHAT },
  { path: '/v1/messages/', body: ANTHROPIC },
  { path: '/v1/messages?beta=true', body: ANTHROPIC },
  { path: '/messages', body: ANTHROPIC },
  { path: '/v1//messages', body: ANTHROPIC },
  { path: '//v1/chat//completions//', body: CHAT },
  { path: '/v1/v1/messages', body: ANTHROPIC },
  { path: '/responses', body: { model: 'sonnet', input: 'Hi' } },
  { path: '/v1/models/' },
  { path: '/models' },
  { path: '/v1/v1/models' },
  { path: '/models/sonnet' },
  { path: '/v1/v1/models/sonnet' },
  { path: '/api/sessions/' },
];

const NO_EMBEDDINGS = 'this server has no embeddings: Claude models make none';
const NO_FILES = 'models are not kept here: GET /api/tags lists those that can be asked';

/** What Ollama does and this server cannot, and why. */
export const REFUSED = [
  { id: 'ollamaEmbed', method: 'POST', path: '/api/embed', sentence: NO_EMBEDDINGS },
  { id: 'ollamaEmbeddings', method: 'POST', path: '/api/embeddings', sentence: NO_EMBEDDINGS },
  { id: 'ollamaPull', method: 'POST', path: '/api/pull', sentence: NO_FILES },
  { id: 'ollamaPush', method: 'POST', path: '/api/push', sentence: NO_FILES },
  { id: 'ollamaCreate', method: 'POST', path: '/api/create', sentence: NO_FILES },
  { id: 'ollamaCopy', method: 'POST', path: '/api/copy', sentence: NO_FILES },
  { id: 'ollamaDelete', method: 'DELETE', path: '/api/delete', sentence: NO_FILES },
] as const;

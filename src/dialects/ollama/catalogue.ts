import { RunError } from '../../run-error.ts';
import type { CatalogueModel, CatalogueRoute } from '../dialect.ts';
import { OllamaShowBody } from './body.ts';
import { toModelName } from './model-name.ts';
import { REFUSED } from './refused.ts';

/** The release of Ollama whose API this is; clients refuse those that are older than they know. */
const VERSION = '0.13.0';

/** What the models take unless their names say more. https://docs.claude.com/en/docs/about-claude/models */
const CONTEXT_TOKENS = 200_000;
const LONG_CONTEXT_TOKENS = 1_000_000;

const ARCHITECTURE = 'claude';

/** The catalogue does not say when a model came out. */
const MODIFIED_AT = '2026-01-01T00:00:00Z';

const DETAILS = {
  parent_model: '',
  format: '',
  family: ARCHITECTURE,
  families: [ARCHITECTURE],
  parameter_size: '',
  quantization_level: '',
};

/** What is answered without a run. */
export const catalogue: readonly CatalogueRoute<unknown>[] = [
  {
    method: 'GET',
    path: '/api/tags',
    answer: async (readModels) => ({ models: (await readModels()).map(toTag) }),
  },
  {
    method: 'POST',
    path: '/api/show',
    body: OllamaShowBody,
    answer: async (readModels, body: OllamaShowBody) => toShown(await readModels(), body),
  },
  { method: 'GET', path: '/api/version', answer: () => ({ version: VERSION }) },
  // Nothing stays loaded between two requests.
  { method: 'GET', path: '/api/ps', answer: () => ({ models: [] }) },
  ...REFUSED.map(({ method, path, sentence }) => ({
    method,
    path,
    answer: () => {
      throw new RunError('invalid-request', sentence);
    },
  })),
];

function toTag({ name }: CatalogueModel) {
  return {
    name,
    model: name,
    modified_at: MODIFIED_AT,
    size: 0,
    digest: '',
    details: DETAILS,
  };
}

function toShown(models: readonly CatalogueModel[], { model, name }: OllamaShowBody) {
  const asked = toModelName(model || name || '');
  const found = models.find((one) => one.name === asked || one.otherNames.includes(asked));
  if (!found) throw new RunError('model-not-found', `model '${asked}' not found`);
  return {
    modelfile: '',
    parameters: '',
    template: '',
    modified_at: MODIFIED_AT,
    details: DETAILS,
    model_info: {
      'general.architecture': ARCHITECTURE,
      'general.basename': found.displayName,
      [`${ARCHITECTURE}.context_length`]: toContextTokens(asked, found),
    },
    capabilities: ['completion', 'tools', 'vision', 'thinking'],
  };
}

/** The CLI's own notation for the long context. */
function toContextTokens(asked: string, { name }: CatalogueModel) {
  return [asked, name].some((one) => one.endsWith('[1m]')) ? LONG_CONTEXT_TOKENS : CONTEXT_TOKENS;
}

import { ollamaApi } from '../../src/dialects/ollama/index.ts';

type Complaint = { message: unknown; param?: string | null };

/** What a failure says. Ollama's API has one sentence there; every other API has an object. */
export function readComplaint(operation: string, answer: string): Complaint {
  const { error } = JSON.parse(answer) as { error: unknown };
  const [, path = ''] = operation.split(' ');
  return ollamaApi.paths.includes(path) ? { message: error } : (error as Complaint); // as its schema says
}

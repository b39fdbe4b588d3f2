import type { ModelServer } from '../../src/demo/model-server.ts';

/** Routes that answer with what the model said to the caller's tools. */
const ROUTES = new Set(['/v1/chat/completions', '/v1/messages', '/v1/responses']);

/** Under which other name a tool goes up whose own the CLI keeps for itself. */
const OTHER_NAMES: Readonly<Record<string, string>> = { ToolSearch: 'ToolSearch_' };

type GivenTool = { type?: string; name?: string; function?: { name?: string } };

/**
 * Throws when a request was answered and its tools did not all arrive at the model: the CLI leaves out,
 * without a word, what it cannot read.
 */
export function checkToolsArrived(
  path: string,
  body: unknown,
  arrived: ModelServer['requests'],
): void {
  const names = ROUTES.has(path) ? toNames(body) : [];
  const isWhole = arrived.some(({ body: { tools = [] } }) => {
    const offered = new Set(tools.map(({ name }) => name));
    // One that the CLI enforces is its own tool for the answer.
    return offered.has('StructuredOutput') || names.every((name) => offered.has(name));
  });
  if (names.length === 0 || isWhole) return;
  throw new Error(`Not all of these tools arrived upstream: ${names.join(', ')}`);
}

/** The functions among a body's tools; what the host runs does not exist here. */
function toNames(body: unknown): string[] {
  const { tools } = Object(body) as { tools?: readonly GivenTool[] | null }; // a body that was answered
  return (tools ?? []).flatMap(({ type = 'custom', name, function: inner }) => {
    const given = type === 'function' || type === 'custom' ? (inner?.name ?? name) : undefined;
    return given === undefined ? [] : [OTHER_NAMES[given] ?? given];
  });
}

const UUID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g;
/** The folder of a demo. */
const FOLDER = /^\/.*\/claude-code-proxy-demo-\w+/;
const VARYING = /[\da-f]{16,}|\d+/g;

/** An answer without what differs from one to the next: numbers, ids, times. */
export function toShape(text: string): unknown {
  return toMessages(text).map(blur);
}

/** One JSON text, or the messages of an event stream. */
function toMessages(text: string): unknown[] {
  if (!/^(data|event): /.test(text)) return [JSON.parse(text)];
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [, json] = /^data: (\{.*)/.exec(line) ?? [];
    return json === undefined ? line : (JSON.parse(json) as unknown);
  });
}

function blur(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') {
    return value.replace(FOLDER, '').replaceAll(UUID, 'ID').replaceAll(VARYING, 'N');
  }
  if (Array.isArray(value)) return value.map(blur);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, blur(field)]));
}

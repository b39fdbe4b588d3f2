/** A message of a server-sent-event stream, as it came. */
export type Sse = { id?: string | undefined; event: string | undefined; data: string };

/** Reads an event stream message by message, as they arrive. Comments are left out. */
export async function* readSse(response: Response): AsyncIterable<Sse> {
  let [pending, held] = ['', ''];
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const text = held + chunk;
    held = /[^\n]\n$/.test(text) || text === '\n' ? '\n' : ''; // the other half may come with the next chunk
    const [first = '', ...rest] = text.slice(0, text.length - held.length).split('\n\n');
    pending += first;
    for (const piece of rest) {
      const message = toMessage(pending);
      if (message) yield message;
      pending = piece;
    }
  }
}

function toMessage(block: string): Sse | undefined {
  const fields = new Map(
    block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]), // "name: value"
  );
  const data = fields.get('data');
  return data === undefined
    ? undefined
    : { id: fields.get('id'), event: fields.get('event'), data };
}

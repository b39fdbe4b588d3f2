// Reads the words of an answer, by the places that its API's dialect names.

/** The text of an event. */
export function toText({ event: { path, type } }, event) {
  return type === undefined || event.type === type ? readTexts(event, path) : '';
}

/** Whether a stream is over with this event. */
export function isEnd({ end: { path, values } }, event) {
  return readPath(event, path).some((value) => values.includes(value));
}

/** The text of an answer in one piece. */
export function toWholeText({ whole }, answer) {
  return readTexts(answer, whole);
}

function readTexts(value, path) {
  return readPath(value, path)
    .filter((text) => typeof text === 'string')
    .join('');
}

/** What stands at a path; `*` leads to each of a list, and nothing to the value itself. */
function readPath(value, path) {
  const keys = path === '' ? [] : path.split('.');
  return keys.reduce(
    (found, key) => found.flatMap((one) => (key === '*' ? (one ?? []) : [one?.[key]])),
    [value],
  );
}

/** The events of a stream: JSON, alone on a line or behind `data:`, and the word that ends OpenAI's. */
export async function* readEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    const lines = (pending + step.value).split('\n');
    pending = lines.pop();
    for (const line of lines) {
      const said = line.replace(/^(data:)? */, '');
      if (said.startsWith('{')) yield JSON.parse(said);
      else if (line.startsWith('data:')) yield said;
    }
  }
}

/**
 * Asks, and hands out the text as it comes. Throws with the server's sentence when that fails; ends the
 * request when its reader or the signal does.
 */
export async function* ask({ baseUrl, key, prompt, signal }) {
  const answer = await fetch(`${baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sonnet',
      messages: [{ role: 'user', content: prompt }],
      stream: true,
    }),
    signal,
  });
  if (!answer.ok) throw new Error((await answer.json()).error.message);

  for await (const line of toLines(answer.body)) {
    if (!line.startsWith('data: {')) continue; // a keepalive, or [DONE]
    const { error, choices } = JSON.parse(line.slice('data: '.length));
    if (error) throw new Error(error.message);
    yield choices[0]?.delta.content ?? '';
  }
}

async function* toLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const lines = (rest + step.value).split('\n');
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}

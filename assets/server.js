// How the page talks to the server.

/** `undefined` when it failed, of which `tell` is given a sentence; an empty one when it went well. */
export function call(path, options, tell) {
  return ask(path, options, (failure) => tell(failure?.reason ?? ''));
}

/** `undefined` when it failed, of which `tell` is given what `readFailure` reads; nothing when it went well. */
export async function ask(path, options, tell) {
  try {
    const response = await send(path, options);
    tell(response.ok ? undefined : await readFailure(response));
    return response.ok ? response : undefined;
  } catch (error) {
    if (error.name === 'AbortError') return;
    tell({ code: 'broken', reason: 'The server does not answer.' });
  }
}

/** The options of a request whose body is a value as JSON. */
export function toJson(method, value, signal) {
  const headers = { 'content-type': 'application/json' };
  return { method, headers, body: JSON.stringify(value), signal };
}

/** Sends a request. When the sign-in is over, the page becomes the sign-in page. */
export async function send(path, options) {
  const response = await fetch(path, options);
  if (response.status === 401 && (await isSignedOut())) location.reload();
  return response;
}

/** A 401 may also mean that the CLI has no login. */
async function isSignedOut() {
  return (await fetch('/api/admin/status')).status === 401;
}

/** What an answer that failed says, in whichever API's words. */
export async function readFailure(response) {
  const text = await response.text();
  const { status, headers } = response;
  const requestId = headers.get('x-request-id');
  const said = { status, text, requestId, wait: headers.get('retry-after') };
  try {
    return { ...said, ...toFailure(JSON.parse(text).error) };
  } catch {
    return { ...said, code: '', reason: `The server answered ${status}.` };
  }
}

/** The `error` of every API; Ollama's is its sentence alone. */
export function toFailure(error) {
  if (typeof error === 'string') return { code: '', reason: error };
  const { code, type, message, param } = error;
  return { code: code ?? type ?? '', reason: message, param };
}

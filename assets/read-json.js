// Reads JSON that a person or a model wrote.

/** What it says, or `otherwise` where it is not JSON. */
export function readJson(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** What it says. Throws a sentence that begins with `name` where it is not JSON. */
export function parseJson(text, name = 'This') {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not JSON: ${error.message}.`, { cause: error });
  }
}

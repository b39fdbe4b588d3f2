/** A model's name without the tag that Ollama's clients add to names without one. */
export function toModelName(name: string): string {
  return name.replace(/:latest$/, '');
}

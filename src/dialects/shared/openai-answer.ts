/** What `refusal` holds; a model may refuse without a word. */
export function toRefusal(text: string): string {
  return text || 'The model refused to answer.';
}

/** OpenAI's time stamps. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

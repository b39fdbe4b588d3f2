import type { UpstreamRequest } from '../../src/demo/model-server.ts';

/** What was said last to the model. */
export function lastTextOf(request: UpstreamRequest) {
  return toTexts(request).at(-1)?.[1];
}

/** Who said what, without the reminders that the CLI puts in. */
export function toTexts(request: UpstreamRequest | undefined) {
  return (request?.body.messages ?? [])
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => {
      const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
      const texts = blocks.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
      return [role, texts.filter((text) => !text.startsWith('<system-reminder>')).join('')];
    });
}

// Tabs of code, which obey the arrow keys: https://www.w3.org/WAI/ARIA/apg/patterns/tabs
import { useState } from 'preact/hooks';

import { html } from './html.js';
import { CopyButton } from './trial-answer.js';

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/** `titles` by name, and the texts that are there. */
export function CodeTabs({ titles, texts }) {
  const names = Object.keys(titles);
  const [chosen, choose] = useState(names[0]);
  const onKey = ({ key }) => {
    const step = STEPS[key];
    if (!step) return;
    const next = names.at((names.indexOf(chosen) + step) % names.length);
    choose(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return html`<div
      class="tabs"
      role="tablist"
      aria-label="The same request as code"
      onKeyDown=${onKey}
    >
      ${names.map(
        (name) =>
          html`<button
            type="button"
            role="tab"
            id="tab-${name}"
            aria-controls="code-${name}"
            aria-selected=${String(name === chosen)}
            tabindex=${name === chosen ? 0 : -1}
            onClick=${() => choose(name)}
          >
            ${titles[name]}
          </button>`,
      )}
    </div>
    ${names.map(
      (name) =>
        html`<div
          role="tabpanel"
          id="code-${name}"
          class="code"
          aria-labelledby="tab-${name}"
          hidden=${name !== chosen}
        >
          <${Snippet} name=${name} text=${texts[name]} isKnown=${texts.json !== undefined} />
        </div>`,
    )}`;
}

function Snippet({ name, text, isKnown }) {
  if (text === undefined && isKnown)
    return html`<p class="hint">
      Shown for a request of one text and nothing else; JSON and curl have all of this one.
    </p>`;
  return html`<${CopyButton} text=${text ?? ''} />
    <pre tabindex="0" id="snippet-${name}">${text}</pre>`;
}

import { ask } from './ask.js';

const form = document.querySelector('form');
const output = document.querySelector('output');
let running;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  running?.abort();
  running = new AbortController();
  output.textContent = '';
  const { baseUrl, key, prompt } = Object.fromEntries(new FormData(form));
  try {
    for await (const text of ask({ baseUrl, key, prompt, signal: running.signal })) {
      output.append(text);
    }
  } catch (error) {
    if (error.name !== 'AbortError') output.append(String(error.message));
  }
});

form.addEventListener('reset', (event) => {
  event.preventDefault();
  running?.abort();
});

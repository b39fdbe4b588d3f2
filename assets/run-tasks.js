// What a run began in the background: each task with what it wrote, and a button that stops it.
import { make } from './elements.js';
import { call } from './server.js';

/** Keeps the list `place` of the tasks of one run, from its events. */
export function createRunTasks(place, runId) {
  const items = new Map();
  place.replaceChildren();

  const add = ({ id, kind, description }) => {
    const state = make('span', { className: 'badge' });
    const output = make('pre', { className: 'words', tabIndex: 0, hidden: true });
    const complaint = make('span', { className: 'complaint', role: 'status' });
    const tell = (text) => (complaint.textContent = text);
    const path = `/api/runs/${runId}/tasks/${id}`;
    const read = makeButton('Output', async () => {
      const response = await call(`${path}/output`, {}, tell);
      if (!response) return;
      const told = await response.json();
      output.textContent = told.output || '(nothing yet)';
      output.hidden = false;
    });
    const stop = makeButton('Stop', () => call(path, { method: 'DELETE' }, tell));
    stop.classList.add('danger');
    const words = make('span', {}, description || kind, ' ', state);
    const row = make('div', { className: 'row' }, words, read, stop, complaint);
    place.append(make('li', {}, row, output));
    return { state, buttons: [read, stop] };
  };

  return {
    show({ task, status }) {
      const item = items.get(task.id) ?? add(task);
      items.set(task.id, item);
      item.state.textContent = status;
      item.state.classList.toggle('bad', status === 'failed');
      if (status !== 'running') end(item);
      place.parentElement.hidden = false;
    },
    /** Nothing of them can be acted on any more. */
    end() {
      for (const item of items.values()) end(item);
    },
  };
}

function end({ buttons }) {
  for (const button of buttons) button.remove();
}

function makeButton(textContent, onClick) {
  const button = make('button', { type: 'button', className: 'quiet', textContent });
  button.addEventListener('click', onClick);
  return button;
}

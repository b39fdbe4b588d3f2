// The fields of the form that tries an API.
import { useState } from 'preact/hooks';

import { html } from './html.js';
import { MessageList } from './trial-messages.js';

const TOOLS_HINT =
  '[{"name": "get_weather", "description": "…", "parameters": {"type": "object", …}}]';

/** All fields that the API has a place for. `change` is given what makes of a form the fields that change in it. */
export function Fields({ setup, takes, form, change, complaints }) {
  const field = (name) => ({
    name,
    value: form[name],
    complaint: complaints[name],
    change: (value) => change(() => ({ [name]: value })),
  });
  const isAgent = takes.includes('agent');
  const has = (name) => takes.includes(name);
  return html`
    <div class="row">
      <${Choice} ...${field('dialect')} label="API" choices=${toTitles(setup.apis)} />
      <${Line} ...${field('model')} label="Model" list="models" required />
      <${Line}
        ...${field('otherModel')}
        label="Beside it"
        list="models"
        placeholder="no other model"
      />
    </div>
    <${Suggestions} id="models" values=${setup.models} />
    ${has('system') && html`<${Area} ...${field('system')} label="System" rows="1" />`}
    <${MessageList}
      messages=${form.messages}
      takes=${takes}
      complaint=${complaints.messages}
      change=${(edit) => change((now) => ({ messages: edit(now.messages) }))}
    />
    ${isAgent && html`<${AgentFields} field=${field} setup=${setup} />`}
    ${
      has('tools') &&
      html`<${Fold} title="Tools" isSet=${form.tools}>
        <${Area}
          ...${field('tools')}
          label="Tools as JSON"
          rows="6"
          isCode
          placeholder=${TOOLS_HINT}
        />
      <//>`
    }
    ${
      has('schema') &&
      html`<${Fold} title="JSON schema" isSet=${form.schema}>
        <${Area}
          ...${field('schema')}
          label="JSON schema of the answer"
          rows="6"
          isCode
          placeholder='{"type": "object", …}'
        />
      <//>`
    }
    <${Sampling} field=${field} has=${has} form=${form} efforts=${setup.efforts} />
  `;
}

function Sampling({ field, has, form, efforts }) {
  const numbers = [
    ['temperature', 'Temperature', { min: 0, max: 2, step: 'any' }],
    ['topP', 'Top p', { min: 0, max: 1, step: 'any' }],
    ['maxTokens', 'Most tokens', { min: 1, step: 1 }],
  ];
  const names = ['temperature', 'topP', 'maxTokens', 'stop', 'effort', 'thinking'].filter(has);
  const isSet = names.some((name) => form[name] !== '');
  return html`<${Fold}
    title=${has('temperature') ? 'Sampling and thinking' : 'Effort'}
    isSet=${isSet}
  >
    <div class="grid">
      ${numbers
        .filter(([name]) => has(name))
        .map(
          ([name, label, range]) =>
            html`<${Line} ...${field(name)} ...${range} label=${label} type="number" />`,
        )}
      ${
        has('effort') &&
        html`<${Choice} ...${field('effort')} label="Effort" choices=${toChoices(efforts)} />`
      }
      ${
        has('thinking') &&
        html`<${Choice}
          ...${field('thinking')}
          label="Thinking"
          choices=${toChoices(['on', 'off'])}
        />`
      }
      ${has('stop') && html`<${Area} ...${field('stop')} label="Stop at, one a line" rows="1" />`}
    </div>
  <//>`;
}

function AgentFields({ field, setup }) {
  const modes = Object.entries(setup.modes).map(([mode, title]) => [mode, `${title} (${mode})`]);
  return html`<div class="grid">
      <${Line}
        ...${field('workingDirectory')}
        label="Folder"
        list="folders"
        placeholder="the server's own"
      />
      <${Choice}
        ...${field('permissionMode')}
        label="When a tool needs leave"
        choices=${[['', 'deny it'], ...modes]}
      />
      <${Line}
        ...${field('sessionId')}
        label="Session that it goes on in"
        placeholder="a new one"
      />
      <${Area} ...${field('allowedTools')} label="Tools allowed unasked, one a line" rows="2" />
      <${Area} ...${field('disallowedTools')} label="Tools denied, one a line" rows="2" />
    </div>
    <${Suggestions} id="folders" values=${setup.folders} />`;
}

/** Open from the start where something stands in it. */
function Fold({ title, isSet, children }) {
  const [isOpen] = useState(Boolean(isSet));
  return html`<details open=${isOpen}>
    <summary>${title} ${isSet && html`<span class="badge">set</span>`}</summary>
    ${children}
  </details>`;
}

function Line({ label, complaint, change, value, ...rest }) {
  return html`<${Labelled} label=${label} complaint=${complaint} name=${rest.name}>
    <input
      autocomplete="off"
      ...${rest}
      ...${toAria(rest.name, complaint)}
      value=${value}
      onInput=${(event) => change(event.target.value)}
    />
  <//>`;
}

function Area({ label, complaint, change, value, isCode, ...rest }) {
  return html`<${Labelled} label=${label} complaint=${complaint} name=${rest.name}>
    <textarea
      class=${isCode ? 'json' : undefined}
      spellcheck=${isCode ? 'false' : undefined}
      ...${rest}
      ...${toAria(rest.name, complaint)}
      value=${value}
      onInput=${(event) => change(event.target.value)}
    ></textarea>
  <//>`;
}

function Choice({ label, complaint, name, value, change, choices }) {
  return html`<${Labelled} label=${label} complaint=${complaint} name=${name}>
    <select
      name=${name}
      ...${toAria(name, complaint)}
      value=${value}
      onChange=${(event) => change(event.target.value)}
    >
      ${choices.map(([key, title]) => html`<option value=${key} selected=${key === value}>${title}</option>`)}
    </select>
  <//>`;
}

function Labelled({ label, complaint, name, children }) {
  return html`<div class="field">
    <label>${label} ${children}</label>
    ${complaint && html`<p class="complaint" id="complaint-${name}">${complaint}</p>`}
  </div>`;
}

function toAria(name, complaint) {
  return complaint ? { 'aria-invalid': 'true', 'aria-describedby': `complaint-${name}` } : {};
}

function Suggestions({ id, values }) {
  return html`<datalist id=${id}>
    ${values.map((value) => html`<option value=${value}></option>`)}
  </datalist>`;
}

function toTitles(apis) {
  return apis.map(({ name, title }) => [name, title]);
}

/** What is left to the model comes first. */
function toChoices(values) {
  return [['', 'as usual'], ...values.map((value) => [value, value])];
}

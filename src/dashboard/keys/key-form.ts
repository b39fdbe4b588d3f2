import { type KeyRules, PERMISSION_MODES, SCOPES } from '../../keys/api-key.ts';
import { html, type Html } from '../html.ts';

export type KeyFormOptions = {
  /** Begins the ids of the form's parts. */
  id: string;
  method: 'POST' | 'PUT';
  /** Where the script sends the fields, as one JSON body. */
  path: string;
  /** What the button says. */
  action: string;
  rules: KeyRules;
  /** A field for the name, which only a new key gets. Default: none. */
  hasName?: boolean;
};

const COUNTS = {
  requestsPerMinute: 'Requests per minute',
  runningAtOnce: 'Requests at once',
  tokensPerMinute: 'Tokens per minute',
  tokensPerDay: 'Tokens per day',
  secondsPerRun: 'Seconds per run of an agent',
  backgroundRuns: 'Runs in the background',
  waitingRuns: 'Runs that wait for answers',
} as const satisfies Partial<Record<keyof KeyRules, string>>;

/** What a key may do, as fields. An empty one is no limit. */
export function keyForm({ id, method, path, action, rules, hasName }: KeyFormOptions): Html {
  return html`<form class="fields" data-method="${method}" data-send="${path}">
    ${hasName ? nameField() : ''} ${choices('scopes', 'Scopes', SCOPES, rules.scopes)}
    <div class="limits">
      ${Object.entries(COUNTS).map(([name, label]) =>
        numberField(name, label, rules[name as keyof typeof COUNTS], '1'),
      )}
      ${numberField('usdPerDay', 'US dollars per day, agents and chats', rules.usdPerDay, 'any')}
      ${numberField('usdPerRun', 'US dollars per run of an agent', rules.usdPerRun, 'any')}
    </div>
    <div class="limits">
      ${linesField('models', 'Models, one a line', 'all', rules.models)}
      ${linesField('deniedTools', 'Tools denied to agents, one a line; a pattern, like Bash(id), can be got around', 'none', rules.deniedTools)}
      ${linesField('mcpHosts', 'Hosts whose MCP servers agents may name, one a line; * for all of MCP_ALLOWED_HOSTS', 'none', rules.mcpHosts)}
      ${linesField('tags', 'Tags that a worker must have for its requests, one a line, like account:ana@example.com', 'none', rules.tags)}
    </div>
    ${choices('permissionModes', 'Permission modes of agents (none chosen: all)', PERMISSION_MODES, rules.permissionModes)}
    <div class="row">
      <button type="submit" id="${id}-send">${action}</button>
      <span id="${id}-state" class="state" role="status"></span>
    </div>
  </form>`;
}

function nameField() {
  return html`<label>
    Name
    <input
      name="name"
      required
      maxlength="64"
      pattern="[A-Za-z0-9_][A-Za-z0-9_.@\\-]*"
      title="Letters, digits and . @ _ -"
      autocomplete="off"
    />
  </label>`;
}

function choices(
  name: keyof KeyRules,
  legend: string,
  all: readonly string[],
  chosen: readonly string[] = [],
) {
  return html`<fieldset>
    <legend>${legend}</legend>
    ${all.map(
      (value) =>
        html`<label class="choice">
          <input
            type="checkbox"
            name="${name}"
            value="${value}"
            ${chosen.includes(value) ? 'checked' : ''}
          />
          ${value}
        </label>`,
    )}
  </fieldset>`;
}

function numberField(name: string, label: string, value: number | undefined, step: string) {
  return html`<label>
    ${label}
    <input
      type="number"
      name="${name}"
      min="${step === 'any' ? 0 : 1}"
      step="${step}"
      placeholder="no limit"
      value="${value ?? ''}"
    />
  </label>`;
}

function linesField(
  name: keyof KeyRules,
  label: string,
  placeholder: string,
  lines: readonly string[] = [],
) {
  // A line break right behind the tag is not part of the text.
  return html`<label>
    ${label}
    <textarea name="${name}" rows="2" placeholder="${placeholder}" spellcheck="false">
${lines.join('\n')}</textarea>
  </label>`;
}

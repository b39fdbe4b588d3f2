/** Makes bodies of one field, or of one message, such that could be carried out. */

type Body = Record<string, unknown>;
type Item = Record<string, unknown>;

const HI = { role: 'user', content: 'Hi' };
const GO_ON = { role: 'user', content: 'Go on' };
const PARAMETERS = { type: 'object', properties: {} };
const FUNCTION = { name: 'text', parameters: PARAMETERS };

export function toWholeChat(body: Body): Body {
  const functions = body['functions'] ?? (body['function_call'] ? [FUNCTION] : undefined);
  const tools = functions ? undefined : [{ type: 'function', function: FUNCTION }];
  return { tools, ...body, functions, messages: toWholeMessages(toFirst(body['messages'])) };
}

function toWholeMessages(message: Item): Item[] {
  const calls = toItems(message['tool_calls']);
  const call = { id: message['tool_call_id'], type: 'function', function: toCalled('text') };
  switch (message['role']) {
    case 'tool':
      return [HI, { role: 'assistant', content: null, tool_calls: [call] }, message];
    case 'function':
      return [HI, { role: 'assistant', content: null, function_call: toCalled('text') }, message];
    case 'assistant': {
      const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'Done.' }));
      const result = { role: 'function', name: 'text', content: 'Done.' };
      return [HI, message, ...results, ...(message['function_call'] ? [result] : []), GO_ON];
    }
    default:
      return [message];
  }
}

function toCalled(name: string) {
  return { name, arguments: '{}' };
}

export function toWholeMessagesBody(body: Body): Body {
  const tools = [{ name: 'text', input_schema: PARAMETERS }];
  return { tools, ...body, messages: toWholeBlocks(toFirst(body['messages'])) };
}

function toWholeBlocks(message: Item): Item[] {
  const block = toFirst(message['content']);
  const id = block['id'] ?? block['tool_use_id'];
  const call = { type: 'tool_use', id, name: 'text', input: {} };
  const result = { type: 'tool_result', tool_use_id: id, content: 'Done.' };
  if (block['type'] === 'tool_result')
    return [HI, { role: 'assistant', content: [call] }, { ...message, role: 'user' }];
  if (block['type'] === 'tool_use')
    return [HI, { ...message, role: 'assistant' }, { role: 'user', content: [result] }];
  return message['role'] === 'user' ? [message] : [HI, message, GO_ON];
}

export function toWholeResponse(body: Body): Body {
  const tools = [{ type: 'function', ...FUNCTION }];
  const input = Array.isArray(body['input']) ? toWholeInput(toFirst(body['input'])) : 'Hi';
  return { model: 'sonnet', tools, ...body, input };
}

const CALLS: Readonly<Record<string, Item>> = {
  function_call: toCalled('text'),
  custom_tool_call: { name: 'text', input: 'Now.' },
  local_shell_call: { action: { command: ['ls'] } },
  shell_call: { action: { commands: ['ls'] } },
  apply_patch_call: { operation: { type: 'delete_file', path: 'a.txt' } },
  computer_call: { action: { type: 'screenshot' } },
  tool_search_call: { arguments: {} },
};

const RESULTS: Readonly<Record<string, Item>> = {
  function_call: { output: 'Done.' },
  custom_tool_call: { output: 'Done.' },
  local_shell_call: { output: 'Done.' },
  shell_call: { output: [] },
  apply_patch_call: { status: 'completed' },
  computer_call: {
    output: { type: 'computer_screenshot', image_url: 'https://example.com/a.png' },
  },
  tool_search_call: { type: 'tool_search_output', tools: [] },
};

function toWholeInput(item: Item): Item[] {
  const { call_id: callId, id } = item;
  const type = String(item['type']);
  const result = RESULTS[type];
  if (result && callId) return [HI, item, { type: `${type}_output`, call_id: callId, ...result }];
  const called = type.replace(/^tool_search_output$/, 'tool_search_call_output');
  const callType = called.replace(/_output$/, '');
  const call = called === callType ? undefined : CALLS[callType];
  if (call && (callId || type === 'local_shell_call_output'))
    return [HI, { type: callType, ...call, call_id: callId ?? id }, item];
  return type === 'compaction_trigger' ? [item] : [HI, item, GO_ON];
}

export function toWholeOllama(body: Body): Body {
  const given = { ...toFirst(body['messages']) };
  const call = { function: { name: 'text', arguments: {} } };
  const other = { function: { name: 'text2', arguments: {} } };
  if (given['tool_calls'])
    return { ...body, messages: [HI, { ...given, role: 'assistant' }, { role: 'tool' }] };
  if (given['tool_name'])
    return {
      ...body,
      messages: [
        HI,
        { role: 'assistant', tool_calls: [call, other] },
        { ...given, role: 'tool' },
        { role: 'tool', content: 'Done, too.' },
      ],
    };
  return { ...body, messages: [HI, given, GO_ON] };
}

function toItems(value: unknown): Item[] {
  return Array.isArray(value) ? value : [];
}

function toFirst(value: unknown): Item {
  return Object(Array.isArray(value) ? value[0] : undefined);
}

import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { quietExperimentalWarnings } from '../../src/cli/quiet-warnings.ts';

test('only the notes about experimental features are kept from those who print warnings', () => {
  const emitter = new EventEmitter();
  const printed: string[] = [];
  emitter.on('warning', (warning: Error) => printed.push(warning.message));
  quietExperimentalWarnings(emitter);

  emitter.emit('warning', toWarning('ExperimentalWarning', 'SQLite is an experimental feature'));
  emitter.emit('warning', toWarning('DeprecationWarning', 'something is deprecated'));

  expect(printed).toEqual(['something is deprecated']);
});

function toWarning(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { stopOnSignals } from '../../src/cli/stop-on-signals.ts';

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'])(
  '%s stops the server, then the program',
  async (signal) => {
    const program = createProgram();
    program.emitter.emit(signal);
    expect(program.log).toEqual([`stop ${signal}`]);
    program.finishStop();
    await once(program.emitter, 'exit');
    expect(program.log).toEqual([`stop ${signal}`, 'exit 0']);
  },
);

test('a second signal exits at once', () => {
  const program = createProgram();
  program.emitter.emit('SIGINT');
  program.wait(2000);
  program.emitter.emit('SIGTERM');
  expect(program.log).toEqual(['stop SIGINT', 'exit 1']);
});

test('the same key press, told by the terminal and by npm, counts once', async () => {
  const program = createProgram();
  program.emitter.emit('SIGINT');
  program.wait(20);
  program.emitter.emit('SIGINT');
  program.finishStop();
  await once(program.emitter, 'exit');
  expect(program.log).toEqual(['stop SIGINT', 'exit 0']);
});

/** A program that writes down what is done to it, with a clock of its own. */
function createProgram() {
  const emitter = new EventEmitter();
  const log: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let time = 0;
  stopOnSignals({
    stop(signal) {
      log.push(`stop ${signal}`);
      return promise;
    },
    exit(code) {
      log.push(`exit ${code}`);
      emitter.emit('exit');
    },
    emitter,
    now: () => time,
  });
  return {
    emitter,
    log,
    finishStop: resolve,
    wait(milliseconds: number) {
      time += milliseconds;
    },
  };
}

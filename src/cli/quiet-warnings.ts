/**
 * Keeps Node's notes about its own experimental features off the terminal: Node 22 prints one for
 * `node:sqlite`, whose use is our decision and not the operator's. Other warnings are printed as before.
 */
export function quietExperimentalWarnings(emitter: NodeJS.EventEmitter): void {
  const printers = emitter.listeners('warning');
  emitter.removeAllListeners('warning');
  emitter.on('warning', (warning: Error) => {
    if (warning.name !== 'ExperimentalWarning') {
      printers.forEach((print) => print.call(emitter, warning));
    }
  });
}

import { createSharedLocks } from '../../src/sessions/shared-locks.ts';

/** A program that holds the lock of the session `id` until it is ended. */
const [folder = ''] = process.argv.slice(2);
const onProblem = (error: unknown) => process.stderr.write(String(error));
const release = await createSharedLocks({ folder, onProblem }).acquire('id', undefined);
process.once('exit', release); // a release that nothing holds on to is collected, and the lock with it
process.send?.('held');

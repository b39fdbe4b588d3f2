import type { Run } from '../run.ts';
import { RunError } from '../run-error.ts';

/** Refuses runs that skip all permissions unless the operator allows it. Throws `forbidden`. */
export function withPermissionMode(run: Run, { allowBypass }: { allowBypass: boolean }): Run {
  return (request, signal) => {
    if (request.agent?.permissionMode === 'bypassPermissions' && !allowBypass) {
      throw new RunError(
        'forbidden',
        'This server does not let agents skip permissions; its operator can set ALLOW_BYPASS_PERMISSIONS.',
        { param: 'permissionMode' },
      );
    }
    return run(request, signal);
  };
}

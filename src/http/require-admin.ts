import { requireScope } from './require-scope.ts';

/** Lets through who may see and end what others do. Stands behind `authenticate`. */
export const requireAdmin = requireScope('admin');

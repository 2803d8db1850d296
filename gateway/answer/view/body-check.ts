/** Whether a body is what its schema says, found out once, on the way into the view, and not at each answer. */
import { isYitongError } from '../../../contracts/errors.js';
import { compileCheck, Out } from '../projection/index.js';
import type { ViewWorkspace } from './port.js';

/** False for a body from `start` to the end of `value` that no answer could be made of. */
export type CheckBody = (schemaId: number, value: Buffer, start: number) => boolean;

export function checkBodies(workspace: ViewWorkspace): CheckBody {
  const checks = new Map<number, ReturnType<typeof compileCheck>>();
  const scratch = new Out();
  return (schemaId, value, start) => {
    let check = checks.get(schemaId);
    if (check === undefined) {
      const schema = workspace.schemasById.get(schemaId);
      if (schema === undefined) return false;
      checks.set(schemaId, (check = compileCheck(schema.version, scratch)));
    }
    try {
      check(value, start, value.length);
      return true;
    } catch (error) {
      if (isYitongError(error)) return false;
      throw error;
    }
  };
}

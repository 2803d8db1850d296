/** Whether a key is kept from others. */
import { statSync, type Stats } from 'node:fs';

/**
 * True where nobody but the owner can read `file`; and where root lets this process read it as a member of its group, and nobody else, as an orchestrator mounts secrets
 * for a process that is not root (Kubernetes: `fsGroup` and mode 0440). True on Windows, which has no such modes.
 */
export function readByUsOnly(file: string, ours: readonly number[] = [...(process.getgroups?.() ?? []), process.getegid?.() ?? -1]): boolean {
  return process.platform === 'win32' || keptFromOthers(statSync(file), ours);
}

/** The rule, without a file. */
export const keptFromOthers = ({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>, ours: readonly number[]): boolean =>
  (mode & 0o077) === 0 || (uid === 0 && (mode & 0o037) === 0 && gid !== 0 && ours.includes(gid));

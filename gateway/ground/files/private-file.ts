/** Whether a key is kept from others. */
import { closeSync, constants, fchmodSync, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who this process is for the system. */
interface Us {
  readonly uid: number;
  /** Groups that it is a member of. */
  readonly groups: readonly number[];
}

const us = (): Us => ({
  uid: process.geteuid?.() ?? -1,
  groups: [...(process.getgroups?.() ?? []), process.getegid?.() ?? -1],
});

type Owned = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/**
 * Undefined where nobody but the owner can read the key in `file`; and where root lets this process read it as a member
 * of its group, and nobody else, as an orchestrator mounts secrets for a process that is not root (Kubernetes:
 * `fsGroup` and mode 0440). Else in words, for an operator, what is to be done.
 *
 * A key of ours that our own group may read is closed again (mode 0600) and a warning of the process says so:
 * Kubernetes gives every file of a volume to `fsGroup` when it finds the volume's root without that group or its setgid
 * bit, as on a copied or restored one, and an image without a shell has nobody who could take it back. What the world
 * may read, or another's group, is never mended here: somebody may have it. Undefined on Windows, which has no such
 * modes.
 */
export function openToOthers(file: string, who: Us = us()): string | undefined {
  if (process.platform === 'win32') return undefined;
  const fd = openSync(file, constants.O_RDONLY);
  try {
    const found = fstatSync(fd);
    if (keptFromOthers(found, who.groups)) return undefined;
    if (found.uid === 0 && who.uid !== 0) {
      return (
        'the key file belongs to root and others than root may read or change it; give the data folder to the ' +
        'user that runs this, or for one that is mounted let root own it, our group read it, and nobody else do ' +
        'either'
      );
    }
    if (!mayClose(found, statSync(dirname(file)), who))
      return 'the key file can be read by others than its owner; `chmod 600` it';
    fchmodSync(fd, 0o600);
    process.emitWarning(
      `${file} was open to group ${found.gid}, as on a volume that was copied or restored; it has mode 0600 ` +
        'again. If anybody else is in that group, they may have the key: change it',
      'PrivateFile',
    );
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** The rule, without a file. */
export const keptFromOthers = ({ mode, uid, gid }: Owned, ours: readonly number[]): boolean =>
  (mode & 0o077) === 0 || (uid === 0 && (mode & 0o037) === 0 && gid !== 0 && ours.includes(gid));

/**
 * Whether a key that is not kept from others may be closed by us, without a file: it and its folder are ours, its group
 * is one of ours, and the world has nothing.
 */
export const mayClose = (file: Owned, folder: Owned, { uid, groups }: Us): boolean =>
  file.uid === uid && folder.uid === uid && groups.includes(file.gid) && (file.mode & 0o007) === 0;

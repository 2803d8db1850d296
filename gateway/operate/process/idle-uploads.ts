/**
 * What nobody needs any more of cases and matters of sharing, of a data folder or of a shared state: uploads, and
 * records of use whose term is over.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../../contracts/present.js';
import type { StateSettings } from '../../ground/config/state.js';
import { embeddedDir } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { dropIdleUploads } from '../../procedures/cases/idle-uploads.js';
import { openCaseGround } from '../../procedures/cases/opened.js';
import { filesNeeded } from '../../procedures/sharing/attachments.js';
import { dropOverdueUse } from '../../procedures/sharing/use-records.js';

interface Around {
  readonly dataDir: string;
  readonly settings: { readonly state: StateSettings };
  /** That replicas share. */
  readonly state: State | undefined;
}

/** @returns how many went @throws YitongError `state_unavailable` */
export async function dropIdleUploadsOf({ dataDir, settings, state }: Around): Promise<number> {
  // nobody ever uploaded anything here
  if (state === undefined && !existsSync(join(dataDir, 'blobs'))) return 0;
  const ground = await openCaseGround({ dataDir, settings, now: Date.now, ...present({ state }) });
  try {
    const others = (folder: string) => filesNeeded(ground, folder);
    return await dropIdleUploads({ ...ground, others }, Date.now());
  } finally {
    await ground.close();
  }
}

/** @returns of how many grants records of use went @throws YitongError `state_unavailable` */
export async function dropOverdueUseOf({ dataDir, settings, state }: Around): Promise<number> {
  // nobody ever wrote one here
  if (state === undefined && !existsSync(embeddedDir(dataDir))) return 0;
  const ground = await openCaseGround({ dataDir, settings, now: Date.now, ...present({ state }) });
  try {
    return await dropOverdueUse(ground.state, Date.now());
  } finally {
    await ground.close();
  }
}

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

type Ground = Awaited<ReturnType<typeof openCaseGround>>;

async function onGround({ dataDir, settings, state }: Around, work: (ground: Ground) => Promise<number>) {
  const ground = await openCaseGround({ dataDir, settings, now: Date.now, ...present({ state }) });
  try {
    return await work(ground);
  } finally {
    await ground.close();
  }
}

/** @returns how many went @throws YitongError `state_unavailable` */
export async function dropIdleUploadsOf(around: Around): Promise<number> {
  // nobody ever uploaded anything here
  if (around.state === undefined && !existsSync(join(around.dataDir, 'blobs'))) return 0;
  return onGround(around, (ground) =>
    dropIdleUploads({ ...ground, others: (folder) => filesNeeded(ground, folder) }, Date.now()),
  );
}

/** @returns of how many grants records of use went @throws YitongError `state_unavailable` */
export async function dropOverdueUseOf(around: Around): Promise<number> {
  // nobody ever wrote one here
  if (around.state === undefined && !existsSync(embeddedDir(around.dataDir))) return 0;
  return onGround(around, ({ state }) => dropOverdueUse(state, Date.now()));
}

/** The servers of the view, for commands that are about them. */
import { join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { type DeclaredServers, declaredServers } from '../answer/view/postgres/index.js';
import { readSettings } from '../ground/config/index.js';
import type { ViewSettings } from '../ground/config/view.js';
import { workspaceDir } from '../ground/files/places.js';

/** @throws YitongError `bad_config` where the view stands in the data folder */
export async function declaredView(
  workspace: string | undefined,
  use: 'own' | 'write',
): Promise<{ readonly declared: DeclaredServers; readonly settings: ViewSettings }> {
  const dir = workspaceDir(workspace);
  const place = { file: join(dir, 'yitong.json') };
  const { view } = readSettings((await loadWorkspace(dir)).settings, place, process.env);
  if (view.driver !== 'postgres')
    throw new YitongError('bad_config', 'the view of this workspace stands in the data folder: `view.driver`', {
      place,
    });
  return { declared: declaredServers(view, dir, place, use), settings: view };
}

/** The view as the settings have it, for a process that only reads it. */
import { join } from 'node:path';
import { openLmdbViewReader } from '../../answer/view/lmdb/index.js';
import type { ViewReader, ViewWorkspace } from '../../answer/view/port.js';
import { openPostgresViewReader } from '../../answer/view/postgres/index.js';
import type { Settings } from '../../ground/config/index.js';
import { type ProcessArguments, tell } from '../children/messages.js';

export function openViewReader(
  settings: Pick<Settings, 'view'>,
  args: Pick<ProcessArguments, 'workspace' | 'data'>,
  workspace: ViewWorkspace,
  onAway: (message: string) => void,
): ViewReader {
  if (settings.view.driver === 'postgres')
    return openPostgresViewReader({
      settings: settings.view,
      baseDir: args.workspace,
      place: { file: join(args.workspace, 'yitong.json') },
      workspace,
      onAway: (server, why) => onAway(`the view's server \`${server}\` is away: ${why}`),
    });
  return openLmdbViewReader({
    dir: join(args.data, 'view'),
    workspace,
    onDamaged: (file) => tell({ kind: 'damaged', file }),
  });
}

import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { YitongError } from '../../../contracts/errors.js';
import { list, text, workspaceOption } from '../../ground/files/places.js';
import { bringsErasedBack, erasedKeyIn } from '../../log/entries/sealing-keys.js';
import { checkBackup } from '../../operate/backup/check.js';
import { FILES } from '../../operate/backup/manifest.js';
import { SHARED_STATE } from '../../operate/backup/states.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asOwner } from '../state.js';

/** Puts what replicas share back from a backup, into a schema that was made and never used. */
const command: Command = {
  summary: 'put what replicas share back on a PostgreSQL server, from a backup',
  zh: '从备份恢复 PostgreSQL 上的共享业务状态',
  usage: '<backup> [--erasures BACKUP …] [--workspace D] [--json]',
  takes: 1,
  examples: [
    'yitong state load /mnt/backups/2026-11-26',
    'yitong state load /mnt/backups/2026-11-25 --erasures /mnt/backups/2026-11-26',
  ],
  options: {
    workspace: workspaceOption,
    erasures: { type: 'string', multiple: true, describe: 'a newer backup: what was erased in it is not put back' },
  },
  async run(call) {
    const [backup] = call.positionals;
    if (backup === undefined) throw new WrongUsage('name the backup');
    const file = await dumpIn(backup);
    const erased = new Set<string>();
    for (const newer of list(call.values['erasures']))
      for await (const line of linesOf(await dumpIn(newer))) {
        const pseudonym = erasedKeyIn(JSON.parse(line) as Parameters<typeof erasedKeyIn>[0]);
        if (pseudonym !== undefined) erased.add(pseudonym);
      }
    const rows = await asOwner(text(call.values['workspace']), async (owner, { schema }) => {
      const { loadState } = await import('../../ground/state/postgres/dump.js');
      return await loadState(owner, schema, linesOf(file), bringsErasedBack(erased));
    });
    if (rows === undefined)
      throw new YitongError('bad_config', '`state.driver` is `embedded`: what was done stands in the data folder');
    call.json({ rows });
    call.say(`${String(rows)} rows are back; start the gateways`);
    return 0;
  },
};
export default command;

/** Opened by whoever takes the first line: lines that come before somebody waits for them are lost. */
async function* linesOf(file: string): AsyncGenerator<string, void> {
  yield* createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}

/** @throws YitongError where it is no backup, is not what it was, or has nothing that was shared */
async function dumpIn(backup: string): Promise<string> {
  const { manifest } = await checkBackup(resolve(backup), () => undefined);
  if (!manifest.files.some(({ path }) => path === SHARED_STATE))
    throw new YitongError('bad_request', `the backup \`${backup}\` holds nothing that replicas share`);
  return join(resolve(backup), FILES, SHARED_STATE);
}

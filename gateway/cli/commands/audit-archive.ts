import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { auditLayout } from '../../log/entries/layout.js';
import { parseVkey } from '../../log/proof/note.js';
import { writeArchive } from '../../log/search/archive/write.js';
import { openSearch } from '../../log/search/index.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

/** Old entries in one file that verifies by itself. */
const command: Command = {
  summary: 'old entries with what proves them, in one file that verifies by itself',
  zh: '将早期日志条目连同证明归档为一个可自行校验的文件',
  usage: '--before DATE <folder> [--data D] [--json]',
  takes: 1,
  examples: [
    'yitong audit archive --before 2027-01-01 /mnt/archive',
    'yitong audit verify --archive /mnt/archive/audit-before-2027-01-01.ndjson --vkey log.example+1a2b3c4d+AT…',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    before: { type: 'string', describe: 'entries of before this date, UTC' },
  },
  async run(call) {
    const given = text(call.values['before']);
    const [folder] = call.positionals;
    if (given === undefined || folder === undefined) {
      throw new WrongUsage('name the folder and `--before DATE`');
    }
    const before = Date.parse(given);
    if (Number.isNaN(before))
      throw new YitongError('bad_request', `\`--before ${given}\` is not a date such as 2026-01-31`);
    const { data } = foldersThere(call.values, AUDIT);
    const dir = resolve(folder);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = join(
      dir,
      `audit-before-${new Date(before)
        .toISOString()
        .replace(/T00:00:00\.000Z$/, '')
        .replaceAll(':', '')}.ndjson`,
    );
    const search = openSearch(data);
    try {
      const origin = parseVkey(readFileSync(join(auditLayout(data).log, 'vkey'), 'utf8')).name;
      const report = await writeArchive(data, search, {
        file,
        before,
        origin,
        onProgress: (done) => call.say(`… ${done} entries`),
      });
      call.json({ file, ...report });
      call.say(`${report.entries} entries (${report.erased} erased) in ${file}`);
      call.say(`SHA-256 of its lines: ${report.sha256}`);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

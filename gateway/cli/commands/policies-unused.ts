/** `yitong policies unused`: what was granted and not used, by the log. */
import { YitongError } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { unused } from '../../../policies/privilege.js';
import { AUDIT, dataOption, foldersThere, workspaceOption } from '../../ground/files/places.js';
import { openSearch } from '../../log/search/index.js';
import { useOf } from '../../log/verify/use-of-grants.js';
import type { Command } from '../command.js';
import { wholeNumber } from '../search-options.js';

const command: Command = {
  summary: 'grants, granted fields and clients that were not used for a while',
  zh: '列出一段时间未使用的授权、字段和应用',
  usage: '[--days N] [--data D] [--json]',
  wanting: 'where a grant, a field or a client was not used',
  examples: ['yitong policies unused', 'yitong policies unused --days 180 --json'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    days: { type: 'string', describe: 'not used for so many days', default: '90' },
  },
  async run({ values, say, json }) {
    const days = wholeNumber(values, 'days') ?? 0;
    if (days < 1 || days > 36_500) throw new YitongError('bad_request', '`--days` is a whole number from 1 to 36500');
    const { workspace: dir, data } = foldersThere(values, AUDIT);
    const workspace = await loadWorkspace(dir);
    const set = await loadPolicies(workspace);
    const search = openSearch(data);
    try {
      const now = Date.now();
      const { use, begins } = await useOf(search);
      const report = unused(set, workspace, use, now, days);
      const ago = (last: number | undefined): string =>
        last === undefined ? 'never' : `last ${new Date(last).toISOString().slice(0, 10)}`;
      for (const { grant, client, dataset, until, last } of report.grants)
        say(`grant ${grant}: ${client} ${dataset}, until ${until}: ${ago(last)}`);
      for (const { grant, fields } of report.fields)
        say(
          `fields of ${grant}: ` +
            fields.map(({ field, last }) => (last === undefined ? field : `${field} (${ago(last)})`)).join(', '),
        );
      for (const { client, last } of report.clients) say(`client ${client}: ${ago(last)}`);
      if (begins === undefined) say('the log has no requests: nothing was ever used');
      else if (begins > report.since)
        say(`the log begins on ${new Date(begins).toISOString().slice(0, 10)}, later than ${days} days ago`);
      if (report.young > 0) say(`${report.young} grants began less than ${days} days ago: nothing is said of them`);
      const fields = report.fields.reduce((sum, { fields: of }) => sum + of.length, 0);
      say(
        `${report.grants.length} grants, ${fields} fields of other grants, ${report.clients.length} clients ` +
          `not used in ${days} days`,
      );
      json({ days, logBegins: begins ?? null, ...report });
      return report.grants.length + fields + report.clients.length === 0 ? 0 : 1;
    } finally {
      await search.close();
    }
  },
};
export default command;

import { AUDIT, dataOption, foldersThere, workspaceOption } from '../../ground/files/places.js';
import { auditLayout } from '../../log/entries/layout.js';
import { type Alert, openAlerts } from '../../procedures/watch/store.js';
import type { Command } from '../command.js';

const command: Command = {
  summary: 'what the watching rules found in the log, newest first',
  zh: '列出日志监测产生的告警，最新在前',
  usage: '[--all] [--data D] [--json]',
  wanting: 'where an alert is open',
  examples: ['yitong audit alerts', 'yitong audit alerts --all --json'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    all: { type: 'boolean', describe: 'those that were acknowledged as well' },
  },
  async run({ values, say, json }) {
    const store = openAlerts(auditLayout(foldersThere(values, AUDIT).data).alerts);
    try {
      const all = store.list();
      const open = all.filter(({ acknowledged }) => acknowledged === undefined);
      const shown = values['all'] === true ? all : open;
      for (const alert of shown) for (const line of inWords(alert)) say(line);
      say(`${open.length} open alerts, ${all.length - open.length} acknowledged`);
      if (open.length > 0)
        say('docs/watching.md says what each rule means and what to do; an auditor acknowledges at /console/alerts');
      // who acknowledged, and why, is sealed; that it was, and when, is not
      json(
        shown.map(({ acknowledged, ...alert }) => ({
          ...alert,
          ...(acknowledged === undefined ? {} : { acknowledgedAt: acknowledged.at }),
        })),
      );
      return open.length === 0 ? 0 : 1;
    } finally {
      await store.close();
    }
  },
};
export default command;

function inWords({ id, rule, time, client, subject, facts, entries, acknowledged }: Alert): string[] {
  const about = [
    ...(client === undefined ? [] : [client]),
    ...(subject === undefined ? [] : [`subject ${subject}`]),
  ].join('  ');
  return [
    `${new Date(time).toISOString()}  ${rule}  ${about}  ${id}${acknowledged === undefined ? '' : '  acknowledged'}`,
    `  ${Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(
        ', ',
      )}; entries ${entries.slice(-8).join(', ')}${entries.length > 8 ? ` and ${entries.length - 8} more` : ''}`,
  ];
}

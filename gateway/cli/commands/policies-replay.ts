import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { type Change, makeReplay } from '../../../policies/replay.js';
import { AUDIT, dataOption, foldersThere, text, workspaceDir, workspaceOption } from '../../ground/files/places.js';
import { openSearch } from '../../log/search/index.js';
import { replayLog } from '../../log/verify/decisions.js';
import type { Command } from '../command.js';
import { lineFree } from '../progress.js';
import { searchFlags, searchOptions } from '../search-options.js';

/** A changed policy against the log: also a check for a pull request. */
const command: Command = {
  summary: 'which decisions on record other policies would turn',
  zh: '以其他策略回溯验证已有裁决，列出结果不同的',
  usage: '[--against W] [--since T] [--until T] [--data D] [--json]',
  wanting: 'where a decision on record would turn out otherwise',
  examples: [
    'yitong policies replay --since 2026-11-01',
    'yitong policies replay --against ../changed-workspace --data /srv/yitong --json',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    against: {
      type: 'string',
      describe: 'workspace whose policies decide; default: the workspace itself, as it is on disk now',
    },
    since: searchFlags.since,
    until: searchFlags.until,
  },
  async run({ values, say, json, asJson, signal }) {
    const { workspace: own, data } = foldersThere(values, AUDIT);
    const { since, until } = searchOptions(values);
    if (since !== undefined && until !== undefined && since >= until)
      throw new YitongError('bad_request', '`--since` must be before `--until`');
    const against = text(values['against']);
    const workspace = await loadWorkspace(against === undefined ? own : workspaceDir(against));
    const set = await loadPolicies(workspace);
    const search = openSearch(data);
    const started = performance.now();
    try {
      const progress = (entries: number): void => {
        lineFree();
        process.stderr.write(`${entries.toLocaleString('en')} entries read …\n`);
      };
      const period = { ...present({ since, until }) };
      const result = await replayLog(search, makeReplay(set, workspace), period, asJson ? undefined : progress, signal);
      const { decisions, evaluated, otherwise, changes, skipped } = result;
      for (const change of changes) for (const line of inWords(change)) say(line);
      const left = Object.entries({
        'from before the log held what was asked': skipped.notRecorded,
        'of names that the workspace did not have': skipped.unknownNames,
        'refused for other reasons than policies': skipped.refusedOtherwise,
      });
      for (const [why, count] of left) if (count > 0) say(`${count.toLocaleString('en')} not replayed: ${why}`);
      say(
        `${otherwise.toLocaleString('en')} of ${decisions.toLocaleString('en')} decisions would turn out ` +
          `otherwise (${evaluated.toLocaleString('en')} evaluated, ` +
          `${((performance.now() - started) / 1000).toFixed(1)} s)`,
      );
      json({ policyVersion: set.version, ...result });
      return otherwise === 0 ? 0 : 1;
    } finally {
      await search.close();
    }
  },
};
export default command;

const TITLES = { denied: 'now denied', allowed: 'now allowed', released: 'other release' } as const;

function inWords({
  kind,
  client,
  purpose,
  dataset,
  delivery,
  was,
  now,
  lost,
  gained,
  by,
  decisions,
  entries,
  first,
  last,
}: Change): string[] {
  const [from, to] = [first, last].map((time) => new Date(time).toISOString().slice(0, 10));
  const rows =
    was.effect === 'allow' && now.effect === 'allow' && was.rows !== now.rows
      ? [`  rows: ${was.rows ?? 'all'} → ${now.rows ?? 'all'}`]
      : [];
  return [
    `${TITLES[kind].padEnd(13)} ${String(decisions).padStart(8)}  ${client}  ${dataset}  ${delivery} for ${purpose}`,
    `  by ${by.join(', ')}`,
    ...(lost.length === 0 ? [] : [`  without ${lost.join(', ')}`]),
    ...(gained.length === 0 ? [] : [`  with ${gained.join(', ')}`]),
    ...rows,
    '  ' +
      (from === to ? String(from) : `${String(from)} to ${String(to)}`) +
      `, entries ${entries.slice(0, 5).join(', ')}${decisions > 5 ? ', …' : ''}`,
  ];
}

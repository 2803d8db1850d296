import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { inOneLine, typeWords } from '../../documents/words/entry.js';
import { AUDIT, dataOption, foldersThere, workspaceOption } from '../../ground/files/places.js';
import { localSecond } from '../../ground/language/time.js';
import { type FoundEntry, openSearch } from '../../log/search/index.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { wholeNumber } from '../search-options.js';

const EVERY_MS = 500;
const PAGE = 100;

/** The log of one subject as it grows; what came before as far as it is asked for. */
const command: Command = {
  summary: 'who asks about a subject, as it happens',
  zh: '实时查看谁在使用某一主体的数据',
  group: 'audit',
  usage: '<subject> [--last N] [--once] [--workspace D] [--data D] [--json]',
  takes: 1,
  examples: ['yitong watch uscc:91350100M000100Y43', 'yitong watch uscc:91350100M000100Y43 --last 10 --once'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    last: { type: 'string', zh: '先显示最近的条数', describe: 'first the newest so many before', default: '5' },
    once: { type: 'boolean', zh: '只显示已有的', describe: 'only what is there already; `--json` always does so' },
  },
  async run(call) {
    const [subject] = call.positionals;
    if (subject === undefined) throw new WrongUsage('a subject is named, as `uscc:…`');
    if (!/^[a-z][a-z0-9-]*:.+$/.test(subject))
      throw new YitongError('bad_request', 'a subject is written with the scheme of its key, as `uscc:…`');
    const { workspace, data } = foldersThere(call.values, AUDIT);
    const search = openSearch(data);
    try {
      const line = await lineOf(workspace, call);
      let next = search.size();
      const before = await search.page({ subject }, { limit: wholeNumber(call.values, 'last') ?? 5, open: true });
      for (const entry of [...before.entries].reverse()) call.say(line(entry));
      call.json(before.entries);
      if (call.asJson || call.values['once'] === true) return 0;
      call.say(call.words({ zh: '等待新的使用记录，按 Ctrl-C 结束', en: 'waiting for what comes; Ctrl-C ends' }));
      while (!call.signal.aborted) {
        await wait(EVERY_MS, undefined, { signal: call.signal }).catch(() => undefined);
        const size = search.size();
        if (size === next) continue;
        const found = await search.page(
          { subject },
          { limit: PAGE, oldestFirst: true, open: true, ...(next === 0 ? {} : { after: next - 1 }) },
        );
        for (const entry of found.entries) call.say(line(entry));
        // a page may hold what came behind `size`
        const seen = (found.entries.at(-1)?.index ?? -1) + 1;
        next = found.next === undefined ? Math.max(size, seen) : seen;
      }
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

const named = (all: ReadonlyMap<string, { readonly name: Localised }>, id: string): string =>
  all.get(id)?.name.zh ?? '';

/** An entry in a line, with the names that the workspace has now. */
async function lineOf(dir: string, { language }: Invocation): Promise<(entry: FoundEntry) => string> {
  const workspace = await loadWorkspace(dir, { allowUnregistered: true });
  const { clients, purposes } = await loadPolicies(workspace);
  const zh = language === 'zh';
  return (entry) => {
    const { body } = entry;
    const [client, purpose] = [body.client ?? '', body.purpose ?? ''];
    const who = zh ? named(clients, client) : client;
    const why = zh ? named(purposes, purpose) : purpose;
    return [
      body.time === undefined ? '' : localSecond(body.time),
      typeWords(body.type, language),
      who,
      why,
      inOneLine(entry, language),
    ]
      .filter((part) => part !== '')
      .join('  ');
  };
}

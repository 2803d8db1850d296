/** What the `report` commands share: the report, the company, and a model in words. */
import { YitongError } from '../../contracts/errors.js';
import { loadReports, type ReportDefinition } from '../../contracts/reports.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import type { Client } from '../client/index.js';
import type { ReportModel, ReportSection } from '../documents/model/model.js';
import { folders, text } from '../ground/files/places.js';
import { localMinute } from '../ground/language/time.js';
import { stateNames } from '../http/ui/report-words.js';
import type { Invocation } from './command.js';
import { askingAs } from './gateway-options.js';

export const reportOption = {
  type: 'string',
  zh: '哪种报告；默认：信用报告，或唯一的一种',
  describe: 'the report: the name of its folder in contracts/reports; default: `credit`, or the only one',
} as const;

/** @throws YitongError `bad_request` */
export async function reportNamed(values: Invocation['values']): Promise<ReportDefinition> {
  const reports = await loadReports(await loadWorkspace(folders(values).workspace));
  const named = text(values['report']) ?? (reports.size === 1 ? [...reports.keys()][0] : 'credit');
  const found = named === undefined ? undefined : reports.get(named);
  if (found === undefined)
    throw new YitongError(
      'bad_request',
      '`--report` must be one of ' +
        `${[...reports.keys()].map((id) => `\`${id}\``).join(', ') || 'none: the workspace has no report'}`,
    );
  return found;
}

/** Speaks as the client that the report names; a refusal of the gateway is told, and is exit 1. */
export async function askingFor(
  call: Invocation,
  definition: ReportDefinition,
  act: (gateway: Client) => Promise<0 | 1>,
): Promise<0 | 1> {
  return await askingAs(definition.client, call, act);
}

const since = ({ missing }: ReportSection): string =>
  missing
    .map(
      ({ name, since: time }) =>
        `${name.zh} (${name.en})${time === undefined ? ', never loaded or not allowed' : `, seen up to ${time}`}`,
    )
    .join('; ');

/** A row a fact of a record, and one a domain without any. */
export function showModel(
  { title, range, purpose, bearer, subjects, domains, sections, notes, cut }: ReportModel,
  call: Invocation,
): void {
  const { words } = call;
  const zh = call.language === 'zh';
  call.say(words(title));
  call.say(
    zh
      ? `${range.from} 至 ${range.to}；用途：${purpose.name.zh}；使用单位：${bearer}；数据截至 ${localMinute(cut.time)}（北京时间）`
      : `${range.from} to ${range.to}; purpose: ${purpose.name.en}; to be shown to ${bearer}; registers as of ` +
          `${cut.time}`,
  );
  const rows = sections.flatMap(({ subject, domain, state, records, missing }) => {
    const head = [
      subjects[subject]?.name ?? '',
      domains[domain] === undefined ? '' : words(domains[domain].title),
      `${words(stateNames[state])}` +
        (missing.length === 0 ? '' : ` (${missing.map(({ name }) => words(name)).join(', ')})`),
    ];
    if (records.length === 0) return [[...head, '', '', '', '']];
    return records.flatMap(({ facts, authority }, i) =>
      facts.map(({ title: fact, value }) => [
        ...head,
        i + 1,
        words(authority),
        words(fact),
        typeof value === 'string' ? value : words(value),
      ]),
    );
  });
  call.table({
    columns: zh
      ? ['企业', '领域', '结果', '记录', '单位', '事项', '内容']
      : ['company', 'domain', 'result', 'record', 'authority', 'fact', 'value'],
    rows,
  });
  for (const note of notes) call.say(words(note));
}

export function sayModel(
  { title, range, purpose, bearer, subjects, domains, sections, leftOut = [], notes, cut }: ReportModel,
  say: (line: string) => void,
): void {
  say(`${title.zh}  ${title.en}`);
  say(
    `${range.from} to ${range.to}, purpose: ${purpose.name.zh} (${purpose.name.en}), to be shown to ${bearer}; ` +
      `registers as of ${cut.time}`,
  );
  for (const [s, { subject, name, relation }] of subjects.entries()) {
    say(`\n${name}  ${subject}  (${relation})`);
    const own = sections.slice(s * domains.length, (s + 1) * domains.length);
    const none = own.filter(({ state }) => state === 'none');
    if (none.length > 0)
      say(`  none on record: ${none.map(({ domain }) => domains[domain]?.title.zh ?? '').join('、')}`);
    for (const { domain, marks = [] } of own)
      if (marks.includes('objection'))
        say(`  ${domains[domain]?.title.zh ?? ''}  objection under way: the company says that something is missing`);
    for (const section of own) {
      if (section.state === 'none') continue;
      const { records, state, domain } = section;
      say(
        `  ${domains[domain]?.title.zh ?? ''}  ` +
          (state === 'not_answered'
            ? 'not answered'
            : `${state === 'at_least' ? 'at least ' : ''}${String(records.length)} on record`) +
          (section.missing.length === 0 ? '' : ` — ${since(section)}`),
      );
      for (const { facts, endedOn, reportableUntil, displayed, marks } of records) {
        say(
          '    ' +
            facts
              .map(({ title: named, value }) => `${named.zh} ${typeof value === 'string' ? value : value.zh}`)
              .join('  '),
        );
        say(
          '      ' +
            (reportableUntil === undefined
              ? endedOn === undefined
                ? 'goes on'
                : 'no end is set'
              : `reportable until ${reportableUntil}`) +
            `${displayed ? ', displayed' : ''}` +
            marks.map((mark) => `, ${mark} under way`).join(''),
        );
      }
    }
  }
  for (const { subject, name, relation } of leftOut)
    say(`\n${name}  ${subject}  (${relation})\n  has not authorised it and is left out: nothing of it was read`);
  for (const note of notes) say(`\n${note.zh}\n${note.en}`);
}

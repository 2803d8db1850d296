/** By what somebody narrows their own history: time, who looked, why, and what came of it, as the page tells it. */
import { type SubjectKey, schemeOf } from '../../../../contracts/ids.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import type { Chosen, Filter, Option } from '../../ui/filters.js';
import { compareWords } from '../../ui/list-state.js';
import { sayIn } from '../../ui/say.js';
import type { HistoryEntry } from './reading.js';

type What = 'released' | 'none' | 'denied' | 'document';

/** What an entry is to whoever reads it; one that gave some and refused some is both. */
export function whatOf({ datasets }: Pick<HistoryEntry, 'datasets'>): readonly What[] {
  if (datasets.length === 0) return ['document'];
  const released = datasets.some((one) => one.released && one.records > 0);
  const denied = datasets.some((one) => !one.released);
  return released || denied
    ? [...(released ? (['released'] as const) : []), ...(denied ? (['denied'] as const) : [])]
    : ['none'];
}

/** Time is asked of the log itself (`periodOf`). */
export const fits = (entry: HistoryEntry, { authority, purpose, what }: Chosen): boolean =>
  (authority === undefined || entry.body.authority === authority) &&
  (purpose === undefined || entry.body.purpose === purpose) &&
  (what === undefined || whatOf(entry).some((one) => one === what));

export const whatWords = (what: What, language: Language): string => {
  const say = sayIn(language);
  return {
    released: say('提供了记录', 'records were released'),
    none: say('查无记录', 'none on record'),
    denied: say('不予提供', 'denied'),
    document: say('文书的出具或核验', 'a document was issued or verified'),
  }[what];
};
const WHATS: readonly What[] = ['released', 'none', 'denied', 'document'];

interface Known {
  readonly subject: string;
  readonly context: Pick<GatewayContext, 'inForce' | 'workspace'>;
  readonly names: Names;
  readonly entries: readonly HistoryEntry[];
}

/**
 * Who may look at such a subject, and why, as far as it is told at once; and whatever stands on the page. What is told
 * later or never is not offered before it is told.
 */
function offered({ subject, context: { inForce, workspace }, names, entries }: Known) {
  const { grants, clients } = inForce().policies;
  const scheme = schemeOf(subject as SubjectKey);
  const all = [...grants.values()].filter(({ dataset }) => workspace.contracts.get(dataset)?.subject.scheme === scheme);
  const told = all.filter(({ subjectNotice }) => subjectNotice.mode === 'immediate');
  // a purpose for which something is told later is not named before it is
  const quiet = new Set<string>(all.flatMap((grant) => (told.includes(grant) ? [] : grant.purposes)));
  const authorities = new Set<string>([
    ...told.flatMap(({ client }) => clients.get(client)?.authority ?? []),
    ...entries.flatMap(({ body }) => body.authority ?? []),
  ]);
  const purposes = new Map<string, string>([
    ...told
      .flatMap((grant): readonly string[] => grant.purposes)
      .filter((id) => !quiet.has(id))
      .map((id): [string, string] => [id, names.purpose(id) ?? id]),
    ...entries.flatMap(({ body: { purpose, report } }): [string, string][] =>
      purpose === undefined ? [] : [[purpose, names.purpose(purpose, report) ?? purpose]],
    ),
  ]);
  return {
    authorities: [...authorities].map((value): Option => ({ value, title: names.authority(value) ?? value })),
    purposes: [...purposes].map(([value, title]): Option => ({ value, title })),
  };
}

const byTitle = (options: readonly Option[]): readonly Option[] =>
  [...options].sort((a, b) => compareWords(a.title, b.title));

/** @param known undefined where only the fields count */
export function historyFilters(language: Language, known?: Known): readonly Filter[] {
  const { authorities = [], purposes = [] } = known === undefined ? {} : offered(known);
  return [
    { kind: 'period', title: { zh: '时间', en: 'Time' } },
    { kind: 'choice', id: 'authority', title: { zh: '使用单位', en: 'Who looked' }, options: byTitle(authorities) },
    { kind: 'choice', id: 'purpose', title: { zh: '用途', en: 'Purpose' }, options: byTitle(purposes) },
    {
      kind: 'choice',
      id: 'what',
      title: { zh: '结果', en: 'What came of it' },
      options: WHATS.map((value) => ({ value, title: whatWords(value, language) })),
      closed: true,
    },
  ];
}

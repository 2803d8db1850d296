/** From an entry to what rules see. */
import type { ReadEntry } from '../../log/store/reading.js';
import type { Access, Refusal } from './rule.js';

/** The last characters of a key, in which neighbours differ: what counts them, and check characters. */
const TAIL = 5;
const MAX_CLIENTS = 10_000;

/** 1 or -1 where `key` is close above or below `before`. */
function stepOf(before: string | undefined, key: string): Access['step'] {
  if (
    before === undefined ||
    before.length !== key.length ||
    before === key ||
    before.slice(0, -TAIL) !== key.slice(0, -TAIL)
  )
    return 0;
  return key > before ? 1 : -1;
}

/** Of refusals, of whoever is known and of whoever is not; undefined for every other entry. */
export function refusalOf({
  index,
  body: { type, time: at, client, subject, source, count },
}: ReadEntry): Refusal | undefined {
  const time = Date.parse(at ?? '');
  if ((type !== 'refused' && type !== 'refused_before_identity') || Number.isNaN(time)) return undefined;
  const person = subject?.pseudonym;
  const who = client === undefined ? (person === undefined ? { source: source ?? '' } : { person }) : { client };
  return { index, time, ...who, count: count ?? 1 };
}

/** Of accesses; undefined for every other entry. Holds the last key of each client in memory, and nowhere else. */
export function accessReader(): (entry: ReadEntry) => Access | undefined {
  const last = new Map<string, string>();
  return (entry) => {
    const { index, body } = entry;
    const { type, client, authority, purpose, report, dryRun } = body;
    if (
      (type !== 'released' && type !== 'included') ||
      dryRun === true ||
      client === undefined ||
      authority === undefined ||
      purpose === undefined
    )
      return undefined;
    const time = Date.parse(body.time ?? '');
    if (Number.isNaN(time)) return undefined;
    const datasets = body.datasets ?? [];
    const chunk = body.subjects;
    // whom a report is about comes from the register or from a code, and that most have nothing on record is as it
    // should be: nobody tries numbers so
    const answered = report === undefined && (type === 'included' || datasets.some(({ effect }) => effect === 'allow'));
    const found = datasets.some(({ records = 0 }) => records > 0);
    const { opened } = entry;
    const pseudonym = body.subject?.pseudonym;
    let step: Access['step'] = 0;
    if (type === 'released' && report === undefined && opened !== undefined) {
      step = stepOf(last.get(client), opened.subject);
      if (last.size >= MAX_CLIENTS) last.clear();
      last.set(client, opened.subject);
    }
    const { item: _, ...references } = entry.references;
    return {
      index,
      time,
      client,
      authority,
      purpose,
      weight: type === 'included' ? 0 : (chunk ?? 1),
      answered,
      found,
      step,
      ...(opened === undefined || pseudonym === undefined ? {} : { subject: pseudonym }),
      ...references,
    };
  };
}

/**
 * Records that tickets can be about, as the parties of a ticket read them: what is public or internal of each, in
 * words.
 */
import { decodeRecord } from '../../../contracts/avro.js';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import { dateToDays, daysToDate } from '../../../contracts/logical.js';
import { lastDayOfMonths } from '../../../contracts/terms.js';
import type { Contract, Localised, Workspace } from '../../../contracts/types.js';
import { partsOf, valuesAt } from '../../answer/question/values-at-path.js';
import type { ReadPoint, ViewReader } from '../../answer/view/port.js';
import type { RecordRef } from './effects.js';
import type { Tickets } from './tickets.js';

export interface ShownRecord {
  readonly record: RecordRef;
  readonly name: Localised;
  readonly authority: Localised;
  readonly facts: readonly { readonly title: Localised; readonly value: Localised }[];
}

const FACTS = 10;
/** Characters of one value. */
const LONG = 400;
const OPEN: ReadonlySet<string> = new Set(['public', 'internal']);

/**
 * Datasets whose kind some lifecycle is about, in the order of their ids; with `missing` those about whose gaps tickets
 * can be.
 */
export function concerned(
  { contracts }: Pick<Workspace, 'contracts'>,
  { lifecycles }: Pick<Tickets, 'lifecycles'>,
  missing?: true,
): readonly Contract[] {
  const kinds = new Set(
    [...lifecycles.values()].flatMap(({ about }) => (about.missing === missing ? about.kinds : [])),
  );
  return [...contracts.values()].filter(({ kind }) => kinds.has(kind)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function factsOf(contract: Contract, value: unknown, codelists: Workspace['codelists']): ShownRecord['facts'] {
  const facts: { title: Localised; value: Localised }[] = [];
  for (const { path, title, classification, branch, codelist } of contract.latest.fields) {
    if (branch || !OPEN.has(classification) || path === contract.subject.field || contract.recordId.includes(path))
      continue;
    const words = valuesAt(value, partsOf(path)).map((one): Localised => {
      const text = String(one).slice(0, LONG);
      return (codelist === undefined ? undefined : codelists.get(codelist)?.codes.get(text)) ?? { zh: text, en: text };
    });
    if (words.length > 0)
      facts.push({
        title,
        value: { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') },
      });
    if (facts.length === FACTS) break;
  }
  return facts;
}

export interface RecordReader {
  /**
   * The current records of a subject in these datasets.
   * @throws YitongError `view_unavailable` where it cannot be said what is on record
   */
  of(subject: string, contracts: readonly Contract[]): Promise<readonly ShownRecord[]>;
  /** Undefined where it is not, or no longer, there. */
  one(record: RecordRef): Promise<ShownRecord | undefined>;
}

/**
 * Acts that wait for the shortest display of a record, with the first day on which each may be done. Of a tier that
 * nobody knows it is the longest of the shortest terms.
 */
function opensOf(
  contract: Contract,
  value: unknown,
  codelists: Workspace['codelists'],
  lifecycles: Tickets['lifecycles'],
): NonNullable<RecordRef['opens']> {
  const opens: Record<string, string> = {};
  for (const { id, acts } of lifecycles.values()) {
    for (const [act, { after }] of Object.entries(acts)) {
      const field = contract.latest.fields.find(({ path }) => path === after?.tier);
      const terms = field?.codelist === undefined ? undefined : codelists.get(field.codelist)?.display;
      if (after === undefined || terms === undefined) continue;
      const [tier] = valuesAt(value, partsOf(after.tier));
      const [from] = valuesAt(value, partsOf(after.from));
      const term = terms.get(String(tier));
      // what is never displayed has no display that a repair could end
      if (typeof from !== 'string' || term?.longest === 0) continue;
      const shortest = term?.shortest ?? Math.max(...[...terms.values()].map((term) => term.shortest));
      opens[`${id}.${act}`] = nextDay(lastDayOfMonths(from, shortest));
    }
  }
  return opens;
}

const NOW: ReadPoint = { kind: 'now' };

const nextDay = (day: string): string => daysToDate((dateToDays(day) ?? Number.NaN) + 1) ?? '~';

export function recordReader({
  workspace,
  view,
  tickets,
}: {
  readonly workspace: Workspace;
  readonly view: ViewReader;
  readonly tickets: Pick<Tickets, 'lifecycles'>;
}): RecordReader {
  const titled = ({ name, authority }: Contract): Pick<ShownRecord, 'name' | 'authority'> => ({
    name,
    authority: workspace.authorities.get(authority)?.name ?? { zh: authority, en: authority },
  });
  const of = async (key: string, contracts: readonly Contract[]): Promise<readonly ShownRecord[]> => {
    // every subject that comes here has been parsed, or stands in a session
    const subject = key as SubjectKey;
    const fitting = contracts.filter((contract) => subject.startsWith(`${contract.subject.scheme}:`));
    const found: ShownRecord[] = [];
    const ids = fitting.map(({ id }) => id);
    const from = view.fetch === undefined ? view : await view.fetch([subject], ids, NOW);
    const outcomes = from.read(subject, ids, NOW, (i, { recordId, schemaId, bytes, start, end }) => {
      const contract = fitting[i];
      const known = workspace.schemasById.get(schemaId);
      if (contract === undefined || known === undefined) return;
      const value = decodeRecord(known.version, bytes, start, end);
      found.push({
        record: {
          dataset: contract.id,
          subject,
          recordId,
          opens: opensOf(contract, value, workspace.codelists, tickets.lifecycles),
        },
        ...titled(contract),
        facts: factsOf(contract, value, workspace.codelists),
      });
    });
    if (outcomes.some((outcome) => outcome !== 'ok'))
      throw new YitongError('view_unavailable', 'the part of the view that has the subject is away');
    return found;
  };
  return {
    of,
    async one({ dataset, subject, recordId, missing }) {
      const contract = workspace.contracts.get(dataset as DatasetId);
      if (missing === true)
        return contract === undefined || !subject.startsWith(`${contract.subject.scheme}:`)
          ? undefined
          : { record: { dataset, subject, recordId: '', missing }, ...titled(contract), facts: [] };
      return contract === undefined
        ? undefined
        : (await of(subject, [contract])).find(({ record }) => record.recordId === recordId);
    },
  };
}

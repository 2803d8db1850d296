/**
 * The view of the sandbox: invented records in memory, read by the same code as those of departments. It has no way to
 * any store: neither the view nor the bus is given to it.
 */
import { encodeRecord } from '../../../contracts/avro.js';
import { YitongError } from '../../../contracts/errors.js';
import { type DatasetId, type SubjectKey, subjectKey } from '../../../contracts/ids.js';
import type { Contract, Localised, Workspace } from '../../../contracts/types.js';
import type { ViewReading } from '../view/port.js';
import { inventedKey, inventedRecord, MARKS } from './invented.js';

interface InventedSubject {
  readonly subject: SubjectKey;
  readonly scheme: string;
  readonly title: Localised;
}

/** Of each scheme the same four, each for another thing to try. */
const STORIES: readonly { readonly title: Localised; readonly records: (contract: Contract) => number }[] = [
  { title: { zh: '各项齐全', en: 'everything on record' }, records: () => 1 },
  {
    title: { zh: '一项有多条记录', en: 'several records of a kind' },
    records: (one) => (one.recordId.length > 0 ? 3 : 1),
  },
  { title: { zh: '可空字段为空', en: 'nothing in fields that may be empty' }, records: () => 1 },
  {
    title: { zh: '只有登记，其余无记录', en: 'registered, nothing else on record' },
    records: (one) => (one.recordId.length > 0 ? 0 : 1),
  },
];

interface SandboxView {
  readonly reading: ViewReading;
  readonly subjects: readonly InventedSubject[];
}

/** @param now ms since 1970; from then on everything counts as published */
export function sandboxView(
  workspace: Pick<Workspace, 'contracts' | 'codelists' | 'schemes'>,
  now: () => number,
): SandboxView {
  const began = now();
  const { contracts, schemes } = workspace;
  const subjects = [...new Set([...contracts.values()].map(({ subject }) => subject.scheme))]
    .sort()
    .flatMap((scheme) => {
      const known = schemes.get(scheme);
      return known === undefined
        ? []
        : STORIES.map(({ title }, at) => ({
            subject: subjectKey(scheme, inventedKey(known, at)),
            scheme,
            title: {
              zh: `虚构${known.persons ? '个人' : '企业'}${MARKS.charAt(at)}：${title.zh}`,
              en: `Invented ${known.persons ? 'person' : 'company'} ${'ABCD'.charAt(at)}: ${title.en}`,
            },
          }));
    });
  const bodies = new Map<string, readonly Buffer[]>();
  /** Made with the first question about it. */
  const bodiesOf = (subject: SubjectKey, dataset: DatasetId): readonly Buffer[] => {
    const contract = contracts.get(dataset);
    const at = subjects
      .filter(({ scheme }) => scheme === contract?.subject.scheme)
      .findIndex((one) => one.subject === subject);
    if (contract === undefined || at < 0) return [];
    const place = `${subject} ${dataset}`;
    const known = bodies.get(place);
    if (known !== undefined) return known;
    const made = Array.from({ length: STORIES[at]?.records(contract) ?? 0 }, (_, nth) => {
      const encoded = encodeRecord(contract.latest, inventedRecord(contract, { at, nth }, workspace));
      if (!encoded.ok)
        throw new YitongError(
          'internal',
          `no record of \`${dataset}\` can be invented: ${encoded.problems[0]?.field ?? ''}`,
        );
      return encoded.body;
    });
    bodies.set(place, made);
    return made;
  };
  const reading: ViewReading = {
    read(subject, datasets, _at, visit) {
      for (const [i, dataset] of datasets.entries()) {
        const contract = contracts.get(dataset);
        for (const [nth, bytes] of bodiesOf(subject, dataset).entries()) {
          const version = {
            recordId: String(nth),
            schemaId: contract?.latest.schemaId ?? 0,
            contractVersion: contract?.latest.version ?? 0,
            partition: 0,
            offset: nth,
            publishedAt: began,
            sourceTime: began,
            position: '',
            bytes,
            start: 0,
            end: bytes.length,
          };
          if (visit(i, version) === false) break;
        }
      }
      return datasets.map(() => 'ok');
    },
    datasetState: (dataset) => ({
      records: 0,
      versions: 0,
      poisoned: 0,
      // invented records do not grow old
      complete: {
        dataset,
        sourceTime: new Date(now()).toISOString(),
        snapshot: true,
        rows: 0,
        state: 'complete',
        receivedAt: now(),
      },
    }),
    cut: () => ({}),
  };
  return { reading, subjects };
}

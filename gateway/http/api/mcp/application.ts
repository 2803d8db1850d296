/**
 * Which applications (共享申请) would open what was denied: by dataset, the fields, the purpose and the way of asking.
 * Only what an application can change is named: a case that was not stated, or a guess too many, is none.
 */
import type { CatalogueMethods } from '../catalogue/client.js';

interface Application {
  readonly dataset: string;
  /** All that the dataset has where none was named. */
  readonly fields: readonly string[];
  readonly purpose: string;
  readonly delivery: 'query' | 'verify';
  readonly reasons: readonly string[];
}

/** Reasons that a new or changed grant would lift. */
const CURABLE: ReadonlySet<string> = new Set([
  'not_granted',
  'grant_expired',
  'grant_not_begun',
  'field_not_granted',
  'not_released_as_value',
]);

/** The request as the tools have checked it. */
interface AskedFor {
  readonly purpose?: string;
  readonly datasets?: readonly { readonly id: string; readonly fields?: readonly string[] }[];
  readonly claims?: readonly { readonly dataset: string; readonly field: string }[];
}
/** An answer, a dry run or a denial of either route. */
interface Answered {
  readonly datasets?: readonly {
    readonly id: string;
    readonly reason?: string;
    readonly reasons?: readonly string[];
    readonly withheld?: readonly { readonly field: string; readonly reason: string }[];
  }[];
  readonly claims?: readonly { readonly dataset: string; readonly field: string; readonly reason?: string }[];
}

interface Lacking {
  readonly fields: Set<string>;
  readonly reasons: Set<string>;
  /** The whole dataset is denied. */
  whole: boolean;
}

function lackingOf({ datasets = [], claims = [] }: Answered): ReadonlyMap<string, Lacking> {
  const found = new Map<string, Lacking>();
  const add = (dataset: string, reason: string | undefined, field?: string): void => {
    if (reason === undefined || !CURABLE.has(reason)) return;
    let one = found.get(dataset);
    if (one === undefined) found.set(dataset, (one = { fields: new Set(), reasons: new Set(), whole: false }));
    one.reasons.add(reason);
    if (field === undefined) one.whole = true;
    else one.fields.add(field);
  };
  for (const { id, reason, reasons = [], withheld = [] } of datasets) {
    for (const one of [...reasons, reason]) add(id, one);
    for (const one of withheld) add(id, one.reason, one.field);
  }
  for (const { dataset, field, reason } of claims) add(dataset, reason, field);
  return found;
}

/** Empty where no application would help: nothing was denied, or the catalogue has no such dataset. */
export async function applicationsOf(
  asked: AskedFor,
  answered: Answered,
  of: Pick<CatalogueMethods, 'catalogueEntry'>,
): Promise<readonly Application[]> {
  const { purpose } = asked;
  if (purpose === undefined) return [];
  const made: Application[] = [];
  for (const [dataset, { fields, reasons, whole }] of lackingOf(answered)) {
    // for what is not in the catalogue nobody can apply
    const entry = await of.catalogueEntry(dataset).catch(() => undefined);
    if (entry === undefined) continue;
    const named = asked.datasets?.find(({ id }) => id === dataset)?.fields;
    const wanted = whole ? (named ?? entry.items.map(({ path }) => path)) : [...fields];
    made.push({
      dataset,
      fields: wanted,
      purpose,
      delivery: asked.claims === undefined ? 'query' : 'verify',
      reasons: [...reasons],
    });
  }
  return made;
}

/** The same in words, for who reads it. */
export const applicationWords = (needed: readonly Application[], page: string | undefined): string =>
  [
    ...needed.map(
      ({ dataset, fields, purpose, delivery, reasons }) =>
        `需要共享申请（application needed）: dataset ${dataset}, fields ${fields.join(', ')}, purpose ${purpose}, ` +
        `by ${delivery} (${reasons.join(', ')})`,
    ),
    ...(page === undefined ? [] : [`由本单位人员在此提交申请（a person of your authority applies at）: ${page}`]),
  ].join('\n');

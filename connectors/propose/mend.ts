/**
 * Mends for rows that are held back for one cause: what of the feed's mapping could be said otherwise so that they are
 * read, each tried by the code that reads rows. What would have to be guessed is not proposed.
 */
import { createHash } from 'node:crypto';
import type { Codelist } from '../../contracts/types.js';
import type { Mapping, Step } from '../feed.js';
import type { QuarantineEntry } from '../quarantine.js';
import { causeOf, type QuarantineCause } from '../quarantine-causes.js';
import type { Cell } from '../reading/port.js';
import { type Candidate, candidates, type MendKind } from './mend-candidates.js';
import { type Edit, editedMapping, leavesOf, targetOf } from './mend-edits.js';
import { type Cells, cellsOfRow, type MendGround, outcomes } from './mend-rows.js';
import type { Terms } from './terms.js';

interface MendSample {
  readonly id: string;
  readonly before: string;
  /** As the record would have it. */
  readonly after: string;
}

/** One thing that could be said otherwise. */
interface MendPart {
  /** Of what it changes: the same as long as it is the same. */
  readonly key: string;
  readonly kind: MendKind;
  readonly edits: readonly Edit[];
  /** Of the rows that were looked at: good by it, and by those before it. */
  readonly good: number;
  /** Its field is right then, and something else is wrong. */
  readonly otherwise: number;
  readonly samples: readonly MendSample[];
}

export interface Mend {
  readonly cause: QuarantineCause;
  /** Rows of the cause that were looked at. */
  readonly looked: number;
  /** One after another, that of most rows first; none where nothing can be said without guessing. */
  readonly parts: readonly MendPart[];
  /** Rows that stay as they are with all of them. */
  readonly left: number;
}

const SAMPLES = 5;
const MOST_PARTS = 24;
/** Different cells out of which candidates are made. */
const MOST_CELLS = 400;

const keyOf = (field: string, edits: readonly Edit[]): string =>
  createHash('sha256')
    .update(JSON.stringify([field, edits]))
    .digest('hex')
    .slice(0, 16);

function shownAt(value: Readonly<Record<string, Cell>>, path: string): string {
  let at: unknown = value;
  for (const name of path.replaceAll('[]', '').split('.'))
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  return at === null || at === undefined ? '' : typeof at === 'object' ? JSON.stringify(at) : String(at);
}

interface Row {
  readonly id: string;
  readonly cells: Cells;
  readonly text: string;
}

interface Tried {
  readonly candidate: Candidate;
  readonly mapping: Mapping;
  readonly good: readonly { readonly row: Row; readonly after: string }[];
  readonly otherwise: readonly Row[];
}

class Search {
  #mapping: Mapping;
  #rows: readonly Row[];
  readonly #steps: readonly Step[];
  readonly #info;
  readonly #codelist: Codelist | undefined;
  readonly #scheme;

  constructor(
    private readonly ground: MendGround,
    private readonly field: string,
    private readonly terms: Pick<Terms, 'nulls' | 'booleans'>,
    rows: readonly QuarantineEntry[],
  ) {
    const { feed, contract, workspace } = ground;
    this.#mapping = feed.mapping;
    const leaves = leavesOf(feed.mapping.fields[targetOf(feed.mapping, field) ?? '']);
    this.#rows = rows.flatMap((row) => {
      const cells = cellsOfRow(row);
      if (cells === undefined) return [];
      const texts = leaves.map(({ from }) => cells[from]).filter((one) => one !== undefined && one !== null);
      const text = texts.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(' · ');
      return [{ id: row.id, cells, text }];
    });
    this.#steps = leaves.flatMap(({ steps = [] }) => steps);
    this.#info = contract.latest.fields.find(({ path }) => path === field);
    this.#codelist = workspace.codelists.get(this.#info?.codelist ?? '');
    const named = this.#steps.find(
      (step): step is Extract<Step, { key: string }> => typeof step === 'object' && 'key' in step,
    );
    const scheme = named?.key ?? (contract.subject.field === field ? contract.subject.scheme : undefined);
    this.#scheme = scheme === undefined ? undefined : workspace.schemes.get(scheme);
  }

  get left(): number {
    return this.#rows.length;
  }

  /** The next part; undefined where there is none. */
  next(): MendPart | undefined {
    const cells = [...new Set(this.#rows.map(({ text }) => text))].filter((text) => text !== '').slice(0, MOST_CELLS);
    const { field, terms } = this;
    const found = candidates({
      info: this.#info,
      steps: this.#steps,
      cells,
      codelist: this.#codelist,
      scheme: this.#scheme,
      terms,
    });
    let best: Tried | undefined;
    for (const candidate of found) {
      const tried = this.#try(candidate);
      const gain = (one: Tried | undefined): number =>
        one === undefined ? 0 : one.good.length * 2 + one.otherwise.length;
      if (gain(tried) > gain(best)) best = tried;
    }
    if (best === undefined) return undefined;
    const { candidate, mapping, good, otherwise } = best;
    const done = new Set([...good.map(({ row }) => row.id), ...otherwise.map(({ id }) => id)]);
    this.#mapping = mapping;
    this.#rows = this.#rows.filter(({ id }) => !done.has(id));
    const samples = new Map(good.map(({ row, after }) => [row.text, { id: row.id, before: row.text, after }]));
    return {
      key: keyOf(field, candidate.edits),
      kind: candidate.kind,
      edits: candidate.edits,
      good: good.length,
      otherwise: otherwise.length,
      samples: [...samples.values()].slice(0, SAMPLES),
    };
  }

  #try(candidate: Candidate): Tried | undefined {
    const mapping = editedMapping(this.#mapping, this.field, candidate.edits);
    if (mapping === undefined) return undefined;
    let of: ReturnType<typeof outcomes>;
    try {
      of = outcomes(this.ground, mapping, false);
    } catch {
      // more steps than a field may have
      return undefined;
    }
    const good: { readonly row: Row; readonly after: string }[] = [];
    const otherwise: Row[] = [];
    for (const row of this.#rows) {
      const outcome = of(row.cells);
      if ('skipped' in outcome) continue;
      if (outcome.ok) good.push({ row, after: shownAt(outcome.value, this.field) });
      else if (!outcome.problems.some(({ field }) => field === this.field)) otherwise.push(row);
    }
    const { enough } = candidate;
    if (enough !== undefined) {
      const touched = new Set(this.#rows.filter(({ text }) => this.#touches(candidate, text)).map(({ text }) => text));
      const fits = new Set([...good.map(({ row }) => row.text), ...otherwise.map(({ text }) => text)]);
      if (fits.size < enough.cells || fits.size < touched.size * enough.share) return undefined;
    }
    return { candidate, mapping, good, otherwise };
  }

  /** Whether a cell is of the kind that the candidate is about. */
  #touches({ kind, edits: [edit] }: Candidate, text: string): boolean {
    const step = edit?.do === 'before' ? edit.steps.find((one) => typeof one === 'object') : undefined;
    if (kind === 'lookalike' && step !== undefined && 'replace' in step) return text.includes(step.replace.text);
    if (kind === 'zeros' && step !== undefined && 'padStart' in step)
      return /^\d+$/.test(text.trim()) && text.trim().length < step.padStart.length;
    return true;
  }
}

/** @param rows of the cause, all of them or the first */
export function proposeMend(
  ground: MendGround,
  cause: QuarantineCause,
  rows: readonly QuarantineEntry[],
  terms: Pick<Terms, 'nulls' | 'booleans'>,
): Mend {
  const own = rows.filter((row) => {
    const { code, field } = causeOf(row);
    return code === cause.code && field === cause.field;
  });
  const parts: MendPart[] = [];
  if (cause.field === '' || ground.feed.source.kind === 'http-push')
    return { cause, looked: own.length, parts, left: own.length };
  const search = new Search(ground, cause.field, terms, own);
  const readable = search.left;
  while (parts.length < MOST_PARTS && search.left > 0) {
    const part = search.next();
    if (part === undefined) break;
    parts.push(part);
  }
  return { cause, looked: own.length, parts, left: own.length - (readable - search.left) };
}

/** The mapping with these parts, in their order. Undefined where it has nothing that they could change. */
export const mendedMapping = (
  mapping: Mapping,
  field: string,
  parts: readonly Pick<MendPart, 'edits'>[],
): Mapping | undefined =>
  editedMapping(
    mapping,
    field,
    parts.flatMap(({ edits }) => edits),
  );

/**
 * A subject's history, page by page. What may not be read is as if it were not there: a page is filled up behind it.
 */
import { present } from '../../../../contracts/present.js';
import { detailsOf, type LogBody } from '../../../log/entries/body.js';
import type { FoundEntry, SearchIndex } from '../../../log/search/index.js';
import { batchDatasets, type NoticeGrants, type ShownDataset, shownDatasets } from './notice.js';

export interface HistoryEntry {
  readonly index: number;
  readonly body: FoundEntry['body'];
  /** 事项编码, where one was stated. */
  readonly item?: string;
  /** Empty where the entry is about a document. */
  readonly datasets: readonly ShownDataset[];
}

interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Give it as `after` for the next page; absent at the end. */
  readonly next?: number;
}

export interface Reading {
  readonly search: Pick<SearchIndex, 'page' | 'entries'>;
  readonly grants: NoticeGrants;
  readonly now: number;
}

/** Entries read at once. */
const RAW = 100;
/** Entries looked at for one page. */
const MOST_LOOKED = 3000;
/** A batch's answer is written with the entries of its subjects. */
const BESIDE = 60_000;

/** Answers that an `included` entry may have been part of. */
async function answersOf({ body }: FoundEntry, search: Reading['search']): Promise<readonly LogBody[]> {
  const { requestId, client, chunk, time } = body;
  const at = Date.parse(time ?? '');
  if (requestId === undefined || client === undefined || Number.isNaN(at)) return [];
  const found: LogBody[] = [];
  for await (const { body: answer } of search.entries({
    type: 'released',
    request: requestId,
    client,
    since: at - BESIDE,
    until: at + BESIDE,
  })) {
    if (answer.chunk === chunk) found.push(answer);
  }
  return found;
}

/** Of documents: that one was issued to the subject, and whoever verified it. */
const DOCUMENTS: ReadonlySet<string | undefined> = new Set(['issued', 'verified']);

/** Undefined where nothing of the entry is for its subject now. */
export async function historyEntry(
  entry: FoundEntry,
  { search, grants, now }: Reading,
): Promise<HistoryEntry | undefined> {
  const { index, body } = entry;
  if (DOCUMENTS.has(body.type)) return { index, body, datasets: [] };
  const datasets =
    body.type === 'released'
      ? shownDatasets(body, grants, now)
      : body.type === 'included'
        ? batchDatasets(body, await answersOf(entry, search), grants, now)
        : [];
  const { item = body.item } = detailsOf(entry.opened);
  return datasets.length === 0 ? undefined : { index, body, ...present({ item }), datasets };
}

interface Narrowing {
  /** ms since 1970; `until` is exclusive. */
  readonly period?: { readonly since?: number; readonly until?: number };
  readonly fits?: (entry: HistoryEntry) => boolean;
}

/** Without a narrowing, all of it. */
export async function historyPage(
  subject: string,
  after: number | undefined,
  limit: number,
  reading: Reading,
  { period = {}, fits = () => true }: Narrowing = {},
): Promise<HistoryPage> {
  const entries: HistoryEntry[] = [];
  for (let from = after, looked = 0; ; ) {
    const page = await reading.search.page(
      { subject, ...period },
      { limit: RAW, open: true, ...present({ after: from }) },
    );
    for (const found of page.entries) {
      const entry = await historyEntry(found, reading);
      if (entry === undefined || !fits(entry)) continue;
      // one more than asked for says that there is a next page: one that has something on it
      const last = entries.at(-1);
      if (entries.length === limit && last !== undefined) return { entries, next: last.index };
      entries.push(entry);
    }
    if (page.next === undefined) return { entries };
    from = page.next;
    looked += page.entries.length;
    // of what is rare fewer are found at once: whoever looks goes on from there
    if (looked >= MOST_LOOKED) return { entries, next: from };
  }
}

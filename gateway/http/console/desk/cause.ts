/**
 * Rows that are held back for one cause, side by side as the source has them, with the cells that are wrong marked; to
 * be tried again together, or handed to whoever keeps the source. Each look and each hand-over is on record first, with
 * the rows.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { loadFeed } from '../../../../connectors/feeds.js';
import { columnsOfField } from '../../../../connectors/mapping/columns.js';
import type { QuarantineCause, QuarantineEntry } from '../../../../connectors/quarantine.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';
import type { Person } from '../../../ground/identity/person.js';
import { csvOf } from '../../../log/search/export/csv.js';
import { EXPORT_TYPES } from '../../../log/search/export/export.js';
import { plainWorkbook } from '../../../log/search/export/workbook.js';
import { sessionOf } from '../../plugins/people.js';
import { causeAsked } from '../../publishing/mend-acts.js';
import type { MendDesk } from '../../publishing/mends.js';
import type { QuarantineDesk } from '../../publishing/quarantine.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { causePage, type HeldRow } from './cause-page.js';
import { causeWords } from './cause-words.js';

const PATH = '/console/feeds/:dataset/rows';
const XLSX = EXPORT_TYPES.xlsx.mediaType;
const ROLES = ['data-officer'] as const;
const PAGE = 50;
/** Rows of which the contents of wrong cells are counted and a mend is made, and how many contents are shown. */
const COUNTED = 400;
const CONTENTS = 8;
/** Rows of one file. */
const HANDED = 10_000;
const ID = /^(?:|[0-9a-f]{16})$/;

interface Route {
  readonly Params: { readonly dataset: string };
  readonly Querystring: { readonly code?: string; readonly field?: string; readonly after?: string };
  readonly Body: { readonly code?: string; readonly field?: string; readonly as?: string };
}

/** Cells by column, whatever way a row came. */
function cellsOf({ cells, value, raw, withdraw }: QuarantineEntry): ReadonlyMap<string, string> {
  const columns: unknown = cells ?? value ?? withdraw;
  if (raw !== undefined || typeof columns !== 'object' || columns === null) return new Map([['', raw ?? '']]);
  return new Map(
    Object.entries(columns).map(([name, one]) => [
      name,
      one === null || one === undefined ? '' : typeof one === 'object' ? JSON.stringify(one) : String(one),
    ]),
  );
}

/** How often each content of the wrong cells occurs, the most frequent first. */
function contentsOf(
  rows: readonly QuarantineEntry[],
  wrong: ReadonlySet<string>,
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const cells = cellsOf(row);
    const text = [...wrong].flatMap((column) => cells.get(column) ?? []).join(' · ');
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, CONTENTS);
}

/** Undefined where there is none of it for a reason that a page tells elsewhere. */
export const unlessRefused = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (isYitongError(error)) return undefined;
    throw error;
  });

type Found = (
  request: FastifyRequest<Route>,
  asked: Route['Body'],
  limit: number,
  after?: string,
) => Promise<{
  readonly contract: Contract;
  readonly cause: QuarantineCause;
  readonly page: { readonly rows: readonly QuarantineEntry[]; readonly next?: string };
  readonly wrong: ReadonlySet<string>;
}>;

interface CauseDesk {
  readonly workspace: Workspace;
  readonly record: FastifyInstance['people']['record'];
  readonly quarantines: Pick<QuarantineDesk, 'look' | 'reading'>;
  readonly mends: Pick<MendDesk, 'propose'>;
  /** @throws YitongError `not_found` for another authority's dataset */
  readonly own: (person: Person, dataset: string) => Contract;
}

export function causeRoutes(app: FastifyInstance, desk: CauseDesk): void {
  const { workspace, record, quarantines, mends, own } = desk;

  /** Columns of which a field is made; of pushed records the field itself. */
  async function wrongIn(contract: Contract, field: string): Promise<ReadonlySet<string>> {
    if (field === '') return new Set();
    const feed = await unlessRefused(loadFeed(workspace, contract.id));
    return new Set([field, ...(feed?.mapping === undefined ? [] : columnsOfField(feed.mapping, field))]);
  }

  /** What a column of the source becomes: the title of the first field that is made of it. */
  async function meansIn(contract: Contract): Promise<ReadonlyMap<string, Localised>> {
    const feed = await unlessRefused(loadFeed(workspace, contract.id));
    const means = new Map<string, Localised>();
    for (const { path, title } of contract.latest.fields)
      for (const column of feed?.mapping === undefined ? [path] : columnsOfField(feed.mapping, path))
        if (!means.has(column)) means.set(column, title);
    return means;
  }

  const found: Found = async (request, asked, limit, after = '') => {
    const { person } = sessionOf(request);
    const contract = own(person, request.params.dataset);
    if (!ID.test(after)) throw new YitongError('bad_request', '`after` is the id of a row');
    const cause = causeAsked(asked);
    const page = (await quarantines.look(contract, (quarantine) => quarantine.rowsOf(cause, { after, limit }))) ?? {
      rows: [],
    };
    await record.looked(person, {
      requestId: request.id,
      action: 'quarantine_rows',
      role: 'data-officer',
      detail: { dataset: contract.id, ids: page.rows.map(({ id }) => id) },
      results: page.rows.length,
    });
    const wrong = await wrongIn(contract, cause.field);
    return { contract, cause, page, wrong };
  };

  app.get<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { language, query } = request;
    const { contract, cause, page, wrong } = await found(request, query, PAGE, query.after);
    const titles = new Map(contract.latest.fields.map(({ path, title }) => [path, title]));
    const counted = (await quarantines.look(contract, async (quarantine) => ({
      rows: (await quarantine.rowsOf(cause, { after: '', limit: COUNTED })).rows,
      causes: await quarantine.causes(),
    }))) ?? { rows: [], causes: [] };
    const first = (query.after ?? '') === '';
    // what cannot be loaded has no mapping to mend; the page of the feed says why
    const mend = first ? await unlessRefused(mends.propose(contract, cause, counted.rows)) : undefined;
    const info = contract.latest.fields.find(({ path }) => path === cause.field);
    const rows = page.rows.map((row): HeldRow => ({ ...present({ ...row }), shown: cellsOf(row) }));
    return sendFramed(request, reply, {
      title: contract.name[language],
      workspace,
      children: causePage({
        language,
        dataset: contract.id,
        name: contract.name,
        cause,
        titles,
        rows,
        wrong,
        means: await meansIn(contract),
        contents: wrong.size === 0 ? [] : contentsOf(counted.rows, wrong),
        count: counted.causes.find(({ code, field }) => code === cause.code && field === cause.field)?.rows ?? 0,
        looked: counted.rows.length,
        mend,
        codelist: workspace.codelists.get(info?.codelist ?? ''),
        reading: await unlessRefused(quarantines.reading(contract)),
        first,
        ...present({ next: page.next }),
      }),
    });
  });

  fileRoute(app, found);
}

/** The rows for whoever keeps the source: as a workbook, or as CSV. */
function fileRoute(app: FastifyInstance, found: Found): void {
  app.post<Route>(
    `${PATH}/file`,
    { schema: { hide: true }, config: { roles: ROLES, offers: ['text/csv', XLSX] } },
    async (request, reply) => {
      const { language } = request;
      const { contract, cause, page } = await found(request, request.body, HANDED);
      const columns = [...new Set(page.rows.flatMap((row) => [...cellsOf(row).keys()]))];
      const zh = language === 'zh';
      const titles = new Map(contract.latest.fields.map(({ path, title }) => [path, title]));
      const head = [zh ? '位置' : 'position', zh ? '问题' : 'what is wrong', ...columns];
      const why = causeWords(cause, titles, language);
      const lines = page.rows.map((row) => {
        const cells = cellsOf(row);
        return [row.position, why, ...columns.map((column) => cells.get(column))];
      });
      const name = `${contract.id}-${cause.code}`;
      if (request.body.as !== 'xlsx') return sendCsv(reply, name, csvOf([head, ...lines]));
      const sheet = zh ? '待更正' : 'to correct';
      return reply
        .type(XLSX)
        .header('content-disposition', `attachment; filename="${name}.xlsx"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(plainWorkbook(sheet, [head, ...lines], language)));
    },
  );
}

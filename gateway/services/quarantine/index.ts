/**
 * The quarantine over HTTP, for clients of the publishing authority: which rows broke their contract and why, and the retry of rows once
 * mapping or contract are mended. It is that of this replica's data folder. What was shown and what was retried is on record first.
 */
import { loadFeed } from '../../../connectors/feeds.js';
import { State } from '../../../connectors/publish/index.js';
import { entryId, Quarantine, type QuarantineEntry } from '../../../connectors/quarantine.js';
import { retryQuarantine, type RetryReport } from '../../../connectors/retry.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Contract } from '../../../contracts/types.js';
import { administrationBody } from '../../audit/events.js';
import { clientOf, type Service } from '../../context.js';
import { checkStill } from '../../plugins/identity.js';
import { ownDataset } from '../../publishing/owner.js';
import { limitOf, listQuery, listSchema, MAX_ROWS, paramsSchema, retryBody, retrySchema, type ListQuery, type RetryBody } from './schema.js';

/** A run may go on for hours: a retry does not wait for it. */
const WAIT = 3000;
/** Characters of an answer's rows: each row may be as large as a record. */
const MAX_ANSWER = 1_000_000;

function shown({ id, position, rowNumber, sourceTime, firstSeen, problems, cells, raw, value, withdraw }: QuarantineEntry, whole: boolean): object {
  const said = { id, position, rowNumber, sourceTime, firstSeen, problems };
  if (!whole) return said;
  return { ...said, ...(cells === undefined ? {} : { cells }), ...(raw === undefined ? {} : { raw }), ...(value === undefined ? {} : { value }), ...(withdraw === undefined ? {} : { withdraw }) };
}

/** As many of the rows as make an answer of some size, at least one. */
function page(entries: readonly QuarantineEntry[], limit: number, whole: boolean): readonly object[] {
  const rows: object[] = [];
  let bytes = 0;
  for (const entry of entries.slice(0, limit)) {
    const row = shown(entry, whole);
    bytes += JSON.stringify(row).length;
    if (rows.length > 0 && bytes > MAX_ANSWER) break;
    rows.push(row);
  }
  return rows;
}

/** Results in the order of the positions asked for; those that are not there, or not any more, are `absent`. */
function inOrder({ positions }: RetryBody, { results }: RetryReport): readonly object[] {
  if (positions === undefined) return results;
  const byPosition = new Map(results.map((result) => [result.position, result]));
  return positions.map((position) => byPosition.get(position) ?? { position, status: 'absent' });
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const { workspace, dataDir, journal } = context;
    const now = (): Date => new Date(context.now());
    let state: State | undefined;
    const retrying = new Set<Promise<unknown>>();
    app.addHook('onClose', async () => {
      await Promise.allSettled(retrying);
      await state?.close();
    });

    const note = (action: string, by: string, target: string, detail: Readonly<Record<string, unknown>>): Promise<unknown> =>
      journal.append({ clear: administrationBody({ time: now().toISOString(), action, by, target, detail }) });

    const opened = async <T>(contract: Contract, work: (quarantine: Quarantine) => Promise<T>): Promise<T> => {
      const quarantine = Quarantine.open(dataDir, contract.id, now);
      try {
        return await work(quarantine);
      } finally {
        await quarantine.close();
      }
    };

    app.get<{ Params: { id: string }; Querystring: ListQuery }>(
      '/v1/datasets/:id/quarantine',
      {
        schema: {
          summary: 'rows of a dataset that broke their contract, with the reason',
          description: 'For clients of the dataset\'s authority. A page may hold fewer rows than `limit`. Of this replica\'s data folder: what was pushed to it over HTTP, and what feeds that run on the same folder have read.',
          tags: ['publish'],
          params: paramsSchema,
          querystring: listQuery,
          response: { 200: listSchema },
        },
      },
      async (request) => {
        const client = clientOf(request);
        const contract = ownDataset(context, request.params.id, client);
        const whole = request.query.rows === 'true';
        const limit = limitOf(request.query);
        const { count, entries } = Quarantine.exists(dataDir, contract.id)
          ? await opened(contract, async (quarantine) => ({ entries: await quarantine.page(request.query.after ?? '', limit + 1), count: quarantine.count() }))
          : { count: 0, entries: [] };
        const rows = page(entries, limit, whole);
        const shownEntries = entries.slice(0, rows.length);
        await note('quarantine_shown', client.id, contract.id, { requestId: request.id, rows: rows.length, contents: whole, ...(whole ? { ids: shownEntries.map(({ id }) => id) } : {}) });
        const last = shownEntries.at(-1);
        return { dataset: contract.id, count, rows, ...(entries.length > rows.length && last !== undefined ? { next: last.id } : {}) };
      },
    );

    app.post<{ Params: { id: string }; Body: RetryBody }>(
      '/v1/datasets/:id/quarantine/retry',
      {
        handlerTimeout: context.settings.gateway.handlerTimeoutMs,
        schema: {
          summary: 'publish rows of the quarantine that fit by now',
          description: `By the mapping as it stands on disk now. Idempotent; without \`positions\` for at most ${String(MAX_ROWS)} rows. \`merged\`: older than what is published of the record since. \`skipped\`: not the dataset's any more. \`absent\`: not in quarantine.`,
          tags: ['publish'],
          params: paramsSchema,
          body: retryBody,
          response: { 200: retrySchema },
        },
      },
      async (request) => {
        const client = clientOf(request);
        const contract = ownDataset(context, request.params.id, client);
        const { positions } = request.body;
        if (!Quarantine.exists(dataDir, contract.id)) return { results: (positions ?? []).map((position) => ({ position, status: 'absent' })) };
        const feed = await loadFeed(workspace, contract.id);
        if (feed === undefined) throw new YitongError('not_publisher', `\`${contract.id}\` has no feed`);
        const bus = await context.bus();
        // what waits for the bus was pushed before, and must arrive before
        if (context.spool?.store.waiting(contract.id) === true) throw new YitongError('bus_unavailable', 'records that were pushed before wait for the bus; try again when they are forwarded');
        checkStill(context, request, client);
        state ??= State.open(dataDir);
        const options = {
          workspace, feed, bus, state, now, skipAbsent: true, most: MAX_ROWS, turn: { wait: WAIT },
          ...(positions === undefined ? {} : { ids: [...new Set(positions.map(entryId))] }),
        };
        const mine = opened(contract, (quarantine) => retryQuarantine({ ...options, quarantine }));
        retrying.add(mine);
        const report = await mine.finally(() => retrying.delete(mine));
        const { results: _, ...counts } = report;
        await note('quarantine_retried', client.id, contract.id, { requestId: request.id, ...counts });
        return { results: inOrder(request.body, report) };
      },
    );
  },
};
export default service;

/**
 * The quarantine over HTTP, for clients of the publishing authority: which rows broke their contract and why, and the
 * retry of rows once mapping or contract are mended. It is that of this replica's data folder. What was shown and what
 * was retried is on record first.
 */

import { entryId, type QuarantineEntry } from '../../../../connectors/quarantine.js';
import type { RetryReport } from '../../../../connectors/retry.js';
import { present } from '../../../../contracts/present.js';
import { clientOf, type Service } from '../../../documents/context.js';
import type { ActionName } from '../../../log/entries/actions.js';
import { administrationBody } from '../../../log/entries/events.js';
import { checkStill } from '../../plugins/identity.js';
import { ownDataset } from '../../publishing/owner.js';
import { MAX_ROWS, openQuarantineDesk, retryDetail } from '../../publishing/quarantine.js';
import {
  type ListQuery,
  limitOf,
  listQuery,
  listSchema,
  paramsSchema,
  type RetryBody,
  retryBody,
  retrySchema,
} from './schema.js';

/** Characters of an answer's rows: each row may be as large as a record. */
const MAX_ANSWER = 1_000_000;

function shown(
  { id, position, rowNumber, sourceTime, firstSeen, problems, cells, raw, value, withdraw }: QuarantineEntry,
  whole: boolean,
): object {
  const said = { id, position, rowNumber, sourceTime, firstSeen, problems };
  if (!whole) return said;
  return {
    ...said,
    ...present({ cells, raw, value, withdraw }),
  };
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
    const { journal } = context;
    const desk = openQuarantineDesk(context);
    app.addHook('onClose', () => desk.close());

    const note = (
      action: ActionName,
      by: string,
      target: string,
      detail: Readonly<Record<string, unknown>>,
    ): Promise<unknown> =>
      journal.append({
        clear: administrationBody({ time: new Date(context.now()).toISOString(), action, by, target, detail }),
      });

    app.get<{ Params: { id: string }; Querystring: ListQuery }>(
      '/v1/datasets/:id/quarantine',
      {
        config: { errors: ['not_publisher', 'not_found'] },
        schema: {
          operationId: 'quarantine',
          summary: 'rows of a dataset that broke their contract, with the reason',
          description:
            "For clients of the dataset's authority. A page may hold fewer rows than `limit`. " +
            "Of this replica's data folder: what was pushed to it over HTTP, and what feeds that run on the same " +
            'folder have read.',
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
        const { count, entries } = (await desk.look(contract, async (quarantine) => ({
          entries: await quarantine.page(request.query.after ?? '', limit + 1),
          count: quarantine.count(),
        }))) ?? { count: 0, entries: [] };
        const rows = page(entries, limit, whole);
        const shownEntries = entries.slice(0, rows.length);
        await note('quarantine_shown', client.id, contract.id, {
          requestId: request.id,
          rows: rows.length,
          contents: whole,
          ...(whole ? { ids: shownEntries.map(({ id }) => id) } : {}),
        });
        const last = shownEntries.at(-1);
        return {
          dataset: contract.id,
          count,
          rows,
          ...(entries.length > rows.length && last !== undefined ? { next: last.id } : {}),
        };
      },
    );

    app.post<{ Params: { id: string }; Body: RetryBody }>(
      '/v1/datasets/:id/quarantine/retry',
      {
        handlerTimeout: context.settings.gateway.handlerTimeoutMs,
        config: {
          errors: ['not_publisher', 'not_found', 'dataset_busy', 'bus_unavailable', 'store_full', 'answer_timeout'],
        },
        schema: {
          operationId: 'retryQuarantine',
          summary: 'publish rows of the quarantine that fit by now',
          description:
            `By the mapping as it stands on disk now. Idempotent; without \`positions\` for at most ` +
            `${String(MAX_ROWS)} rows. \`merged\`: older than what is published of the record since. ` +
            `\`skipped\`: not the dataset's any more. \`absent\`: not in quarantine.`,
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
        const ids = positions === undefined ? undefined : [...new Set(positions.map(entryId))];
        const report = await desk.retry(contract, ids, async () => {
          await note('quarantine_retry', client.id, contract.id, retryDetail(request.id, ids));
          checkStill(context, request, client);
        });
        if (report === undefined)
          return { results: (positions ?? []).map((position) => ({ position, status: 'absent' })) };
        const { results: _, ...counts } = report;
        await note('quarantine_retried', client.id, contract.id, { requestId: request.id, ...counts });
        return { results: inOrder(request.body, report) };
      },
    );
  },
};
export default service;

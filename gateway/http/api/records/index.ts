/**
 * POST /v1/datasets/{id}/records: publishing over HTTP, by a client of the dataset's own authority. Idempotent by
 * position; the answer comes after the bus has acknowledged (or, while it is away, the disk: 202), and after the act is
 * in the audit log.
 */

import { Type } from 'typebox';
import type { Feed } from '../../../../connectors/feed.js';
import { loadFeeds } from '../../../../connectors/feeds.js';
import { YitongError } from '../../../../contracts/errors.js';
import { isAhead } from '../../../../contracts/freshness.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { countPushed } from '../../../ground/counts/counts.js';
import { administrationBody } from '../../../log/entries/events.js';
import { checkStill } from '../../plugins/identity.js';
import { ownDataset } from '../../publishing/owner.js';
import { type Push, pushing } from './push.js';
import { answerSchema, bodySchema, type RecordsBody } from './schema.js';

/** @throws YitongError `not_publisher` */
function feedOf(feeds: ReadonlyMap<DatasetId, Feed>, { id }: Contract): Feed {
  const feed = feeds.get(id);
  if (feed?.schedule !== 'push') throw new YitongError('not_publisher', `\`${id}\` has no feed of kind \`http-push\``);
  return feed;
}

const service: Service = {
  port: 'api',
  async register(app, context) {
    const feeds = await loadFeeds(context.workspace);
    const push: Push = pushing(context);
    app.addHook('onClose', () => push.close());
    app.post<{ Params: { id: string }; Body: RecordsBody }>(
      '/v1/datasets/:id/records',
      {
        // the bus may be slow; a query waits for nothing but the journal, which gives up by itself
        handlerTimeout: context.settings.gateway.handlerTimeoutMs,
        config: {
          errors: [
            'not_publisher',
            'not_found',
            'snapshot_shrunk',
            'dataset_busy',
            'source_time_ahead',
            'bus_unavailable',
            'spool_full',
            'store_full',
            'answer_timeout',
          ],
        },
        schema: {
          operationId: 'publish',
          summary: 'publish records of a dataset',
          description:
            "By a client of the dataset's authority. Each record is published, unchanged, merged or " +
            'quarantined, or spooled while the bus is away; none is dropped.',
          tags: ['publish'],
          params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
          body: bodySchema,
          response: {
            200: answerSchema,
            202: {
              ...answerSchema,
              description: 'the bus is away: what is `spooled` is on disk and published as soon as the bus is back',
            },
          },
        },
      },
      async (request, reply) => {
        const client = clientOf(request);
        const { span } = request;
        const contract = ownDataset(context, request.params.id, client);
        // a dataset seen up to a day to come would be called current until then, whatever became of its source
        if (isAhead(Date.parse(request.body.sourceTime), context.now()))
          throw new YitongError(
            'source_time_ahead',
            '`sourceTime` says up to when the source was seen; it lies more than five minutes ahead of the clock here',
          );
        span?.step('publish');
        const { spooled, ...outcome } = await push.publish(
          contract,
          feedOf(feeds, contract),
          request.body,
          () => checkStill(context, request, client),
          span,
        );
        for (const { status } of outcome.results) countPushed(contract.id, status, 1);
        const count = (status: string): number => outcome.results.filter((result) => result.status === status).length;
        span?.step('audit');
        await context.journal.append({
          clear: administrationBody({
            time: new Date(context.now()).toISOString(),
            action: 'records_published',
            by: client.id,
            target: contract.id,
            detail: {
              requestId: request.id,
              published: count('published'),
              unchanged: count('unchanged'),
              merged: count('merged'),
              quarantined: count('quarantined'),
              ...(spooled ? { spooled: count('spooled') } : {}),
              ...present({ withdrawn: outcome.withdrawn, held: outcome.held }),
              ...(outcome.shrunk === undefined ? {} : { refused: 'snapshot_shrunk' }),
            },
          }),
        });
        span?.step('respond');
        // what was published before the shortage was seen is on record by now
        if (outcome.shrunk !== undefined) throw new YitongError('snapshot_shrunk', outcome.shrunk);
        return reply.code(spooled ? 202 : 200).send(outcome);
      },
    );
  },
};
export default service;

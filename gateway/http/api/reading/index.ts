/**
 * How the source of a dataset is read, and that it is to be read again now, for clients of the publishing authority.
 * The rule is that of the page (publishing/reading-acts); who asks is on record first. How it stands says nothing of
 * what a row holds, so that asking how far it is, again and again, is not.
 */
import type { FastifyReply } from 'fastify';
import type { Reading } from '../../../../connectors/run/asked.js';
import { isYitongError } from '../../../../contracts/errors.js';
import type { Contract } from '../../../../contracts/types.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { checkStill } from '../../plugins/identity.js';
import { clientOfficers } from '../../publishing/officers.js';
import { ownDataset } from '../../publishing/owner.js';
import { openQuarantineDesk } from '../../publishing/quarantine.js';
import { askToRead, secondsOf } from '../../publishing/reading-acts.js';
import { paramsSchema, type ReadBody, readBody, readingSchema } from './schema.js';

const PATH = '/v1/datasets/:id/reading';
const tags = ['publish'];

interface Route {
  readonly Params: { readonly id: string };
}

const told = ({ id }: Contract, { wait, ...reading }: Reading): object => ({
  dataset: id,
  ...reading,
  wait: secondsOf(wait),
});

const service: Service = {
  port: 'api',
  register(app, context) {
    const quarantines = openQuarantineDesk(context);
    app.addHook('onClose', () => quarantines.close());
    const { actor } = clientOfficers(context);

    app.get<Route>(
      PATH,
      {
        config: { errors: ['not_publisher', 'not_read_here', 'bad_feed'] },
        schema: {
          operationId: 'reading',
          summary: 'how the source of a dataset is read: whether a run is asked for, goes on, and how the last ended',
          description:
            "For clients of the dataset's authority. Of this replica's data folder: what feeds that run on it did.",
          tags,
          params: paramsSchema,
          response: { 200: readingSchema },
        },
      },
      async (request) => {
        const contract = ownDataset(context, request.params.id, clientOf(request));
        return told(contract, await quarantines.reading(contract));
      },
    );

    /** When it may be asked for again. */
    async function sayWhen(reply: FastifyReply, contract: Contract): Promise<void> {
      const { wait } = await quarantines.reading(contract);
      void reply.header('retry-after', String(Math.max(1, secondsOf(wait))));
    }

    app.post<Route & { Body: ReadBody }>(
      PATH,
      {
        config: { errors: ['not_publisher', 'not_read_here', 'asked_just_now', 'bad_feed', 'state_unavailable'] },
        schema: {
          operationId: 'readAgain',
          summary: 'have the source of a dataset read again now',
          description:
            'The next run of its feed, within seconds and behind one that goes on. One that waits already is enough; ' +
            '`asked_just_now` (429) within the pause that the operator has set (`connectors.readAgainSeconds`), ' +
            'whoever asked before.',
          tags,
          params: paramsSchema,
          body: readBody,
          response: { 202: readingSchema },
        },
      },
      async (request, reply) => {
        const contract = ownDataset(context, request.params.id, clientOf(request));
        checkStill(context, request, clientOf(request));
        try {
          const reading = await askToRead(quarantines, contract, actor(request, request.body.officer));
          return await reply.status(202).send(told(contract, reading));
        } catch (error) {
          if (isYitongError(error) && error.code === 'asked_just_now') await sayWhen(reply, contract);
          throw error;
        }
      },
    );
  },
};
export default service;

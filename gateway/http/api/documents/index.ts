/**
 * /v1/documents: whoever was given many documents verifies them at once by their codes, and is told when one of them
 * has changed.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseDuration } from '../../../../contracts/duration.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { traceOf } from '../../../answer/question/request.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { documentChangesSchema, verifiedDocumentsSchema } from '../../../documents/model/schemas.js';
import { type ShownSubject, shownSubjects } from '../../../documents/model/shown.js';
import { type Asking, type Issued, reportsOf } from '../../../documents/reports/index.js';
import { openWatched, type WatchedChange } from '../../../documents/reports/watched-documents.js';
import { watchedIn } from '../../../documents/reports/watched-in-state.js';
import { startWatching } from '../../../documents/reports/watching.js';
import { resultOf, verifyAll, watchOf } from './bulk.js';
import { type ChangesQuery, changesQuery, type VerifyBody, verifySchema } from './schema.js';

/** Changes in one answer. */
const PAGE = 1000;
/** ms between two looks at whether there is a change to tell. */
const LOOK = 250;
const serializerCompiler = () => JSON.stringify;

const tags = ['documents'];

/** What the routes of documents work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, settings, dataDir, state, now } = context;
  const reports = await reportsOf(context);
  const lookups = openLookups(dataDir, { perClient: settings.gateway.unknownCodesPerMinute });
  const watched = state === undefined ? openWatched(dataDir) : watchedIn(state);
  const watching =
    reports.definitions.size === 0
      ? undefined
      : startWatching(context, reports, watched, (err) => app.log.error({ err }, 'watched documents'));
  let closing = false;
  const isClosing = (): boolean => closing;
  app.addHook('preClose', async () => void (closing = true));
  app.addHook('onClose', async () => {
    await watching?.stop();
    await Promise.all([watched.close(), lookups.close(), reports.close()]);
  });

  const whom = ({ model }: Issued): readonly ShownSubject[] =>
    shownSubjects(
      model,
      reports.definitions.get(model.report)?.shown ?? { name: 'masked', subject: 'masked' },
      workspace.schemes,
    );

  return { reports, lookups, watched, now, whom, isClosing };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Changes after a number; where there is none yet, the first that comes until a time. */
async function changesOf(
  { watched, now, isClosing }: Desk,
  request: FastifyRequest,
  client: string,
  after: number,
  until: number,
): Promise<readonly WatchedChange[]> {
  for (;;) {
    const changes = await watched.changes(client, after, PAGE);
    if (changes.length > 0 || isClosing() || now() >= until || request.raw.socket.destroyed) return changes;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

/** Verifies documents by their codes, and watches them where that is asked for. */
function verifyRoute(app: FastifyInstance, { reports, lookups, watched, now, whom }: Desk): void {
  app.post<{ Body: VerifyBody }>(
    '/v1/documents/verify',
    {
      config: { errors: ['bad_case', 'too_many_watched'] },
      schema: {
        operationId: 'verifyDocuments',
        summary: 'verify documents by their codes',
        description:
          'Results in the order of the codes: whether each is genuine, whom it is about, and in which ' +
          'sections something has changed since, of which kind; never what a document says. With `watch`, ' +
          'GET /v1/documents/changes tells what changes later.',
        tags,
        body: verifySchema,
        response: { 200: verifiedDocumentsSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      const { codes, case: stated, watch } = request.body;
      const client = clientOf(request).id;
      const started = now();
      const length = watch === undefined ? undefined : parseDuration(watch);
      if (watch !== undefined && length === undefined)
        throw new YitongError('bad_request', '`watch` is a duration in days and below, e.g. `P90D`');
      // a code that nobody was given is a guess; those that are known cost what they cost
      const known = await Promise.all(codes.map((code) => reports.idOfCode(code)));
      const guessed = known.filter((id) => id === undefined).length;
      if (guessed > 0) lookups.admit(`client:${client}`, started, guessed);
      const asking: Asking = {
        requestId: request.id,
        by: client,
        traceparent: traceOf(request),
        ...present({ stated }),
      };
      const found = await verifyAll(reports, codes, asking);
      const results = found.map((one) => resultOf(one, whom));
      const answer = { requestId: request.id, time: new Date(started).toISOString() };
      if (length === undefined) return { ...answer, results };
      const after = await watched.last(client);
      const asked = await Promise.all(found.map((one) => watchOf(one, started + length, reports.keptUntil)));
      await watched.watch(
        client,
        asked.filter((one) => one !== undefined),
        started,
      );
      return {
        ...answer,
        results: results.map((result, i) =>
          asked[i] === undefined ? result : { ...result, watchedUntil: new Date(asked[i].until).toISOString() },
        ),
        after,
      };
    },
  );
}

/** What has changed of the documents that a client watches. */
function changesRoute(app: FastifyInstance, desk: Desk): void {
  const { watched, now } = desk;
  app.get<{ Querystring: ChangesQuery }>(
    '/v1/documents/changes',
    {
      schema: {
        operationId: 'documentChanges',
        summary: 'what has changed of the documents that this client watches',
        description:
          `In order, at most ${String(PAGE)}; \`after\` of the answer is that of the next request. A change ` +
          `can be read until seven days after its watch is over. With \`wait\` the answer comes with the first ` +
          'change.',
        tags,
        querystring: changesQuery,
        response: { 200: documentChangesSchema },
      },
      serializerCompiler,
    },
    async (request) => {
      const client = clientOf(request).id;
      const { after: given = '0', wait = '0' } = request.query;
      const after = Number(given);
      // the numbers began anew, or are another's: waiting for more would be waiting for ever
      if (after > (await watched.last(client)))
        throw new YitongError('bad_request', '`after` is higher than any number that was given to this client');
      const changes = await changesOf(desk, request, client, after, now() + Number(wait) * 1000);
      return { changes, after: changes.at(-1)?.number ?? after };
    },
  );
}

const service: Service = {
  port: 'api',
  async register(app, context) {
    const desk = await openDesk(app, context);
    verifyRoute(app, desk);
    changesRoute(app, desk);
  },
};
export default service;

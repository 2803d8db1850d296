/**
 * /v1/files: what a grant allows as a file. It is ordered, made beside the gateway, and fetched at any byte; before
 * each piece leaves it is decided anew.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import { checkScheme, parseSubject } from '../../../answer/question/request.js';
import { deniedSchema } from '../../../answer/question/schemas.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { replicaName } from '../../../ground/config/index.js';
import { reset } from '../../../ground/sockets/gate.js';
import { administrationBody } from '../../../log/entries/events.js';
import { receiverKey } from '../../../procedures/files/envelope.js';
import { MEDIA_TYPES } from '../../../procedures/files/formats.js';
import { decidedPrint, FilePlans } from '../../../procedures/files/maker.js';
import { type FileDesk, openFiles, sealCase } from '../../../procedures/files/opened.js';
import type { StoredOrder } from '../../../procedures/files/store.js';
import { VaultReader, vaultKey } from '../../../procedures/files/vault.js';
import { denied } from '../../plugins/denied.js';
import { checkStill, refusedNow } from '../../plugins/identity.js';
import { callCounter } from '../../plugins/volumes.js';
import { type ByteRange, rangeOf } from './range.js';
import { contentSchema, listSchema, type OrderBody, orderBody, orderSchema, paramsSchema } from './schema.js';

const tags = ['files'];
const iso = (at: number): string => new Date(at).toISOString();
/** ms between two looks, while bytes leave, at whether the order still stands. */
const LOOK = 1000;
/** Bytes between which it is decided anew. */
const PIECE = 65_536;

type Named = FastifyRequest<{ Params: { id: string } }>;

interface Desk {
  readonly context: GatewayContext;
  /** Opened with the first request; one that failed is tried again. */
  readonly opened: () => Promise<{ readonly files: FileDesk; readonly plans: FilePlans }>;
}

function openDesk(app: FastifyInstance, context: GatewayContext): Desk {
  let opening: ReturnType<Desk['opened']> | undefined;
  app.addHook('onClose', async () => (await opening?.catch(() => undefined))?.files.close());
  const open: Desk['opened'] = async () => {
    const files = await openFiles(context);
    const { tickets, now } = context;
    return { files, plans: new FilePlans(context, files, { hidden: (one) => tickets.effects.hidden(one), now }) };
  };
  return {
    context,
    opened() {
      if (opening === undefined) {
        opening = open();
        opening.catch(() => (opening = undefined));
      }
      return opening;
    },
  };
}

async function found({ opened }: Desk, request: Named): Promise<StoredOrder> {
  const { files } = await opened();
  const order = await files.store.find(clientOf(request).id, request.params.id);
  if (order === undefined) throw new YitongError('not_found', 'the client has ordered no such file, or long ago');
  return order;
}

function shown(order: StoredOrder): object {
  const { id, state, reason, purpose, dataset, format, receiver, createdAt, replica, attempt, made } = order;
  return {
    id,
    state,
    ...present({ reason }),
    purpose,
    dataset,
    format,
    encrypted: receiver !== undefined,
    createdAt: iso(createdAt),
    replica: replica.name,
    attempt,
    progress: { ...order.progress, ...present({ total: order.listed ?? order.total }) },
    ...(made === undefined || state !== 'ready'
      ? {}
      : {
          bytes: made.bytes,
          sha256: made.sha256,
          begunAt: iso(made.begunAt),
          madeAt: iso(made.madeAt),
          expiresAt: iso(made.expiresAt),
        }),
  };
}

/** @throws YitongError `bad_subject`, `bad_request` */
function subjectsOf({ context }: Desk, { subjects }: OrderBody): readonly SubjectKey[] | undefined {
  return subjects === undefined
    ? undefined
    : [...new Set(subjects.map((text) => parseSubject(text, context.workspace.schemes)))];
}

function orderRoute(app: FastifyInstance, desk: Desk): void {
  const { context, opened } = desk;
  const countCall = callCounter(app, context);
  app.post<{ Body: OrderBody }>(
    '/v1/files',
    {
      config: {
        errors: [
          'denied',
          'volume_exhausted',
          'bad_identifier',
          'bad_subject',
          'bad_case',
          'too_many_orders',
          'state_unavailable',
        ],
      },
      schema: {
        operationId: 'orderFile',
        summary: 'order a file',
        description:
          'For grants with the delivery `file`. It is made beside the gateway; each chunk of it is decided anew and ' +
          'on record before the file is offered.',
        tags,
        body: orderBody,
        response: { 202: orderSchema, 403: deniedSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { purpose, dataset, fields, format, receiver, case: stated } = request.body;
      const subjects = subjectsOf(desk, request.body);
      if (receiver !== undefined) receiverKey(receiver);
      const { files, plans } = await opened();
      const plan = plans.plan(client, { purpose, dataset, ...present({ fields }) }, stated);
      if (plan.read.length === 0) return await denied(context, request, reply, plan);
      for (const subject of subjects ?? []) checkScheme(plan.contracts, subject);
      if (plan.volumes !== undefined) await countCall(plan, { request, started: context.now() });
      // whom it is about stands with each chunk
      await context.journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action: 'file_ordered',
          by: client.id,
          target: dataset,
          detail: {
            requestId: request.id,
            purpose,
            format,
            encrypted: receiver !== undefined,
            ...present({ subjects: subjects?.length }),
          },
        }),
      });
      checkStill(context, request, client);
      const asked = { purpose, dataset, format, ...present({ fields, receiver, subjects }) };
      const order = await files.store.order(
        client.id,
        { ...asked, ...(stated === undefined ? {} : { stated: sealCase(files.secret, stated) }) },
        { folder: files.folder.id, name: replicaName(context.settings.audit) },
        context.now(),
      );
      context.filesWanted?.();
      return reply.code(202).send(shown(order));
    },
  );
}

function lookRoutes(app: FastifyInstance, desk: Desk): void {
  app.get(
    '/v1/files',
    {
      config: { errors: ['state_unavailable'] },
      schema: {
        operationId: 'files',
        summary: 'the files that the client ordered',
        description: 'Those of the last 30 days.',
        tags,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const { files } = await desk.opened();
      return { files: (await files.store.list(clientOf(request).id)).map(shown) };
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/files/:id',
    {
      config: { errors: ['not_found', 'state_unavailable'] },
      schema: {
        operationId: 'file',
        summary: 'how far a file is',
        description: 'And, once it is ready, its length and digest, and until when it may be fetched.',
        tags,
        params: paramsSchema,
        response: { 200: orderSchema },
      },
    },
    async (request) => shown(await found(desk, request)),
  );
  app.delete<{ Params: { id: string } }>(
    '/v1/files/:id',
    {
      config: { errors: ['not_found', 'state_unavailable'] },
      schema: {
        operationId: 'removeFile',
        summary: 'delete a file, or end its making',
        description: 'The answer is how it was last.',
        tags,
        params: paramsSchema,
        response: { 200: orderSchema },
      },
    },
    async (request) => {
      const { context, opened } = desk;
      const client = clientOf(request);
      const order = await found(desk, request);
      await context.journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action: 'file_removed',
          by: client.id,
          target: order.id,
          detail: { requestId: request.id },
        }),
      });
      const { files } = await opened();
      await files.store.remove(client.id, order.id);
      return shown(order);
    },
  );
}

/** Why the bytes of it are not given; undefined where they are. */
function notGiven(order: StoredOrder, folder: string, now: number): YitongError | undefined {
  const { state, reason, made, replica } = order;
  if (state === 'ordered' || state === 'making')
    return new YitongError('file_not_ready', 'it is being made; `GET /v1/files/{id}` says how far it is');
  if (state !== 'ready' || made === undefined)
    return new YitongError('file_gone', `the file is not given any more (\`${reason ?? state}\`); order it anew`);
  if (made.expiresAt <= now) return new YitongError('file_gone', 'the file has expired; order it anew');
  if (replica.folder !== folder)
    return new YitongError('file_elsewhere', `the file stands at the replica \`${replica.name}\`, not at this one`);
  return undefined;
}

interface Fetch {
  readonly order: StoredOrder & { readonly made: NonNullable<StoredOrder['made']> };
  readonly range: ByteRange;
  /** Throws where no more of it may leave. */
  readonly check: () => void;
  /** Ends the connection at once. */
  readonly cut: () => void;
  readonly reader: VaultReader;
  readonly files: FileDesk;
}

/** @throws YitongError where it was ended, has expired, or somebody in it was erased; what `check` throws */
async function stillStands(order: Fetch['order'], check: () => void, files: FileDesk): Promise<void> {
  check();
  const now = await files.store.find(order.client, order.id);
  if (now?.state !== 'ready' || now.made?.salt !== order.made.salt)
    throw new YitongError('file_gone', 'the file is not given any more');
}

/** Piece by piece, each decided anew before it leaves. */
async function* pieces({ order, range, check, reader, files, cut }: Fetch): AsyncGenerator<Buffer, void, undefined> {
  let looking: Promise<void> | undefined;
  // also of one who reads slowly, so that what waits for them does not go on leaving
  const timer = setInterval(() => {
    looking ??= stillStands(order, check, files)
      .catch(cut)
      .finally(() => (looking = undefined));
  }, LOOK);
  try {
    for (let at = range.from; at < range.to; ) {
      const bytes = await reader.read(at, Math.min(PIECE, range.to - at));
      check();
      at += bytes.length;
      yield bytes;
    }
  } finally {
    clearInterval(timer);
    await looking;
    await reader.close();
  }
}

async function openReader(files: FileDesk, { made, ...order }: Fetch['order']): Promise<VaultReader> {
  const { bytes } = files.folder.filesOf(order);
  try {
    return await VaultReader.open(bytes, vaultKey(files.secret, order.id, made.salt), made.bytes);
  } catch (cause) {
    throw new YitongError('file_gone', 'the bytes of the file are not there any more; order it anew', { cause });
  }
}

function contentRoute(app: FastifyInstance, desk: Desk): void {
  const { context, opened } = desk;
  app.get<{ Params: { id: string } }>(
    '/v1/files/:id/content',
    {
      exposeHeadRoute: false,
      config: {
        errors: ['denied', 'not_found', 'file_not_ready', 'file_gone', 'file_elsewhere', 'no_such_bytes'],
        offers: [...Object.values(MEDIA_TYPES).map((type) => type.split(';')[0] ?? type), 'application/pkcs7-mime'],
      },
      schema: {
        operationId: 'fileContent',
        summary: 'the bytes of a file, from any byte on',
        description:
          'With `range: bytes=N-` it goes on where it was broken off; `if-range` with the `etag` makes sure that it ' +
          'is the same file. A grant that ends meanwhile breaks it off.',
        tags,
        params: paramsSchema,
        produces: [...Object.values(MEDIA_TYPES), 'application/pkcs7-mime'],
        response: { 200: contentSchema, 206: contentSchema, 403: deniedSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { files, plans } = await opened();
      const order = await found(desk, request);
      const problem = notGiven(order, files.folder.id, context.now());
      if (problem !== undefined) throw problem;
      const ready = order as Fetch['order'];
      const plan = plans.plan(client, order);
      if (plan.read.length === 0) return await denied(context, request, reply, plan);
      const { made } = ready;
      const check = (): void => {
        const now = context.now();
        const code = refusedNow(context, request, client);
        if (code !== undefined) throw new YitongError(code, 'the client may not be answered any more');
        if (made.expiresAt <= now || decidedPrint(plans.plan(client, order)) !== made.decided)
          throw new YitongError('file_gone', 'what was decided of the file has changed since; order it anew');
      };
      check();
      const etag = `"${made.sha256}"`;
      const { range: header, 'if-range': ifRange } = request.headers;
      const asked = rangeOf(header, typeof ifRange === 'string' ? ifRange : undefined, etag, made.bytes);
      const range = asked ?? { from: 0, to: made.bytes };
      const reader = await openReader(files, ready);
      try {
        await context.journal.append({
          clear: administrationBody({
            time: iso(context.now()),
            action: 'file_fetched',
            by: client.id,
            target: order.id,
            detail: { requestId: request.id, dataset: order.dataset, ...range },
          }),
        });
      } catch (error) {
        await reader.close();
        throw error;
      }
      const cut = (): void => reset(request.raw.socket);
      let bytes = 0;
      context.completions.watch(request, reply, client.id, () => bytes);
      const stream = Readable.from(
        counted(pieces({ order: ready, range, check, reader, files, cut }), (length) => (bytes += length)),
        { objectMode: false, highWaterMark: PIECE },
      );
      return reply
        .code(asked === undefined ? 200 : 206)
        .headers({
          'content-type': order.receiver === undefined ? MEDIA_TYPES[order.format] : 'application/pkcs7-mime',
          'content-length': range.to - range.from,
          ...(asked === undefined
            ? {}
            : { 'content-range': `bytes ${String(range.from)}-${String(range.to - 1)}/${String(made.bytes)}` }),
          'accept-ranges': 'bytes',
          etag,
          // RFC 9530: of the whole file, whatever range of it this is
          'repr-digest': `sha-256=:${Buffer.from(made.sha256, 'hex').toString('base64')}:`,
          'cache-control': 'no-store',
        })
        .send(stream);
    },
  );
}

async function* counted(from: AsyncIterable<Buffer>, sent: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const bytes of from) {
    sent(bytes.length);
    yield bytes;
  }
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = openDesk(app, context);
    orderRoute(app, desk);
    lookRoutes(app, desk);
    contentRoute(app, desk);
  },
};
export default service;

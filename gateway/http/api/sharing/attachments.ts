/** What is attached to a matter: files that come as they are and go as files. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { strict } from '../../../answer/question/request.js';
import { clientOf } from '../../../documents/context.js';
import type { State } from '../../../ground/state/port.js';
import {
  type Attachment,
  attach,
  attachmentOf,
  attachmentsOf,
  detach,
  EXTENSIONS,
  FILE_KINDS,
  fileNameOf,
  isFileKind,
  placesIn,
  usualPlace,
} from '../../../procedures/sharing/attachments.js';
import type { OpenedMatter } from '../../../procedures/sharing/types.js';
import { checkStill } from '../../plugins/identity.js';
import { readsFiles } from '../../plugins/raw-files.js';
import { type Desk, iso, tags } from './desk.js';
import { paramsSchema } from './schema.js';

const TYPES = Object.keys(EXTENSIONS);
const KINDS = Object.keys(FILE_KINDS);
const fileParams = Type.Object({ ...paramsSchema.properties, file: Type.String({ pattern: '^[0-9a-f]{32}$' }) });
const attachQuery = Type.Object(
  {
    to: Type.Optional(
      Type.String({
        maxLength: 300,
        description:
          '`application`, `reply/<dataset>`, `record` of a correction; default: the one place, or the first of these',
      }),
    ),
    kind: Type.Optional(
      Type.Enum(KINDS, { description: 'what it is of; default `other`; files have no names of their own' }),
    ),
  },
  strict,
);
const fileSchema = Type.Object({
  id: Type.String(),
  to: Type.String(),
  kind: Type.String(),
  type: Type.String({ description: 'by its content' }),
  size: Type.Integer({ description: 'bytes' }),
  digest: Type.String({ description: 'SHA-256, base64url, of its bytes; on record' }),
  party: Type.String(),
  authority: Type.String(),
  at: Type.String({ format: 'date-time' }),
  receipt: Type.String(),
});
const filesSchema = Type.Object({
  attachments: Type.Array(fileSchema),
  places: Type.Array(Type.String(), { description: 'to what your authority may attach now' }),
});

const shown = ({ entry, at, ...file }: Attachment) => ({ ...file, at: iso(at), receipt: entry });
const listed = async (state: State, matter: OpenedMatter, authority: string) => ({
  attachments: (await attachmentsOf(state, matter, authority)).map(shown),
  places: placesIn(matter).map(({ to }) => to),
});
/** A system attaches as an officer. */
const ROLE = 'sharing-officer';

interface OneMatter {
  readonly Params: { readonly id: string };
}
interface OneFile {
  readonly Params: { readonly id: string; readonly file: string };
}

export function attachmentRoutes(app: FastifyInstance, desk: Desk): void {
  lookRoutes(app, desk);
  removeRoute(app, desk);
  // of its own, for its bodies are no JSON
  app.register(async (inside) => attachRoute(inside, desk));
}

function lookRoutes(app: FastifyInstance, { context, desk, actorOf, looked }: Desk): void {
  app.get<OneMatter>(
    '/v1/sharing/:id/attachments',
    {
      config: { errors: ['not_found'] },
      schema: {
        operationId: 'attachments',
        summary: 'what is attached to a matter',
        description: 'What goes with a reply is seen when the reply is.',
        tags,
        params: paramsSchema,
        response: { 200: filesSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { matters, state } = await desk();
      const matter = await matters.get(request.params.id, actorOf(client, undefined));
      await looked(request, client, [matter.head.id]);
      return listed(state, matter, client.authority);
    },
  );
  app.get<OneFile>(
    '/v1/sharing/:id/attachments/:file',
    {
      config: { errors: ['not_found', 'store_damaged'] },
      schema: {
        operationId: 'attachment',
        summary: 'one file, as it was attached',
        description: 'Its digest is on record; it is given as a file, and never shown as a page.',
        tags,
        params: fileParams,
        response: {
          200: {
            description: 'its bytes',
            content: Object.fromEntries(TYPES.map((type) => [type, { schema: Type.String() }])),
          },
        },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { id, file: name } = request.params;
      const { matters, state, blobs, keys } = await desk();
      const matter = await matters.get(id, actorOf(client, undefined));
      const ground = { state, blobs, keys, now: context.now };
      const { file, bytes } = await attachmentOf(ground, matter, name, client.authority);
      await looked(request, client, [id]);
      return (
        reply
          .type(file.type)
          .header('x-content-type-options', 'nosniff')
          .header('content-disposition', `attachment; filename="${fileNameOf(file)}"`)
          // bytes: a serializer is for JSON
          .serializer((body) => body as string)
          .send(await bytes())
      );
    },
  );
}

function removeRoute(app: FastifyInstance, { context, desk, actorOf, recording }: Desk): void {
  app.delete<OneFile>(
    '/v1/sharing/:id/attachments/:file',
    {
      config: { errors: ['not_found', 'act_refused', 'matter_moved'] },
      schema: {
        operationId: 'detach',
        summary: 'remove a file that you attached',
        description: 'As long as you may attach there. That it was there stays on record.',
        tags,
        params: fileParams,
        response: { 200: filesSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { id, file } = request.params;
      const { matters, state, blobs, keys } = await desk();
      const matter = await matters.get(id, actorOf(client, undefined));
      const record = recording(request, client, undefined);
      const by = { matter, authority: client.authority, role: ROLE, record };
      await detach({ state, blobs, keys, now: context.now }, by, file);
      return listed(state, matter, client.authority);
    },
  );
}

function attachRoute(app: FastifyInstance, { context, desk, actorOf, recording }: Desk): void {
  const read = readsFiles(app, context.settings.gateway.uploadLimitBytes);
  app.post<OneMatter & { Querystring: Static<typeof attachQuery> }>(
    '/v1/sharing/:id/attachments',
    {
      config: {
        errors: [
          'not_found',
          'act_refused',
          'attachment_type',
          'file_too_large',
          'file_damaged',
          'file_active',
          'file_encrypted',
          'image_too_large',
          'too_many_files',
          'matter_moved',
        ],
      },
      schema: {
        operationId: 'attach',
        summary: 'attach a file: PDF, OFD, XLSX, JPEG or PNG, told by its content',
        description:
          'The body is the file. `places` of `GET …/attachments` says to what you may attach now. What holds a ' +
          'script, a macro, another file or a password is refused.',
        tags,
        consumes: TYPES,
        params: paramsSchema,
        querystring: attachQuery,
        response: { 201: fileSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { kind = 'other' } = request.query;
      if (!isFileKind(kind)) throw new YitongError('bad_request', 'there is no such kind');
      const { matters, state, blobs, keys } = await desk();
      const matter = await matters.get(request.params.id, actorOf(client, undefined));
      const { to = usualPlace(matter) } = request.query;
      const record = recording(request, client, undefined);
      const by = { matter, authority: client.authority, role: ROLE, record };
      const ground = { state, blobs, keys, now: context.now };
      const made = await read(request, async (bytes) => attach(ground, by, { to, kind, bytes: await bytes() }));
      return reply.status(201).send(shown(made));
    },
  );
}

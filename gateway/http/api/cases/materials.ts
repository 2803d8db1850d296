/** Materials of a case over HTTP: papers that are made, drawn as PDF, and uploads, which come as they are. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { localised } from '../../../answer/question/schemas.js';
import { clientOf, type GatewayContext } from '../../../documents/context.js';
import { materialBytes } from '../../../documents/pdf/open-material.js';
import type { Cases, HowDone } from '../../../procedures/cases/types.js';
import { checkStill } from '../../plugins/identity.js';
import { readsFiles } from '../../plugins/raw-files.js';
import { paramsSchema } from './schema.js';

interface Desk {
  readonly context: GatewayContext;
  cases(): Promise<Cases>;
  how(request: FastifyRequest): HowDone;
}

const tags = ['cases'];
const TYPES = ['application/pdf', 'image/jpeg', 'image/png'] as const;

const materialParams = Type.Object({
  ...paramsSchema.properties,
  material: Type.String({ pattern: '^[a-z][a-z0-9-]{0,59}$' }),
});

const lineSchema = Type.Object({
  material: Type.String(),
  title: localised,
  kind: Type.Enum(['data', 'made', 'upload'], {
    description: 'a register says it, nothing is handed in; made of a template and the one form; no register has it',
  }),
  items: Type.Array(Type.String(), { description: 'of the case, that take it' }),
  needed: Type.Enum(['yes', 'unknown'], { description: '`unknown` until more is answered' }),
  state: Type.Enum(['draft', 'signed', 'changed', 'filed', 'missing', 'given', 'said'], {
    description: '`changed`: since it was signed, and so it has to be signed again',
  }),
  type: Type.Optional(Type.Enum([...TYPES], { description: 'absent where there is nothing to open' })),
  size: Type.Optional(Type.Integer({ description: 'bytes of an upload' })),
  digest: Type.Optional(
    Type.String({
      description: "SHA-256, base64url: of an upload's bytes; of a paper that is made of what is signed",
    }),
  ),
  registers: Type.Optional(Type.Array(Type.Object({ dataset: Type.String(), name: localised }))),
  parts: Type.Optional(Type.Array(localised, { description: 'other materials that stand in it' })),
  mayPut: Type.Boolean({ description: 'who asks may upload it now' }),
});
const linesSchema = Type.Object({ materials: Type.Array(lineSchema) });

interface OneMaterial {
  Params: { id: string; material: string };
}

function lookRoutes(app: FastifyInstance, { context, cases, how }: Desk): void {
  app.get<{ Params: { id: string } }>(
    '/v1/cases/:id/materials',
    {
      config: { errors: ['bad_subject', 'not_found', 'state_unavailable', 'view_unavailable'] },
      schema: {
        operationId: 'caseMaterials',
        summary: 'what a case needs in papers, and how each stands',
        description: 'Of a draft as registers fill it now; of one that was submitted as it was filed.',
        tags,
        params: paramsSchema,
        response: { 200: linesSchema },
      },
    },
    async (request) => ({ materials: await (await cases()).materials(request.params.id, how(request)) }),
  );
  app.get<OneMaterial>(
    '/v1/cases/:id/materials/:material',
    {
      config: { errors: ['bad_subject', 'not_found', 'state_unavailable', 'view_unavailable'] },
      schema: {
        operationId: 'caseMaterial',
        summary: 'one material: a paper that is made as PDF, an upload as it was sent',
        description: 'An authority gets those that its own items take, and of a paper what its own forms hold.',
        tags,
        params: materialParams,
        response: {
          200: {
            description: 'its bytes',
            content: Object.fromEntries(TYPES.map((type) => [type, { schema: Type.String() }])),
          },
        },
      },
    },
    async (request, reply) => {
      const { id, material } = request.params;
      const opened = await (await cases()).openMaterial(id, material, how(request));
      const { type, bytes, extension } = await materialBytes(opened, context);
      return (
        reply
          .type(type)
          .header('content-disposition', `attachment; filename="${material}.${extension}"`)
          // bytes: a serializer is for JSON
          .serializer((body) => body as string)
          .send(bytes)
      );
    },
  );
}

function putRoute(app: FastifyInstance, { context, cases, how }: Desk): void {
  const read = readsFiles(app, context.settings.gateway.uploadLimitBytes);
  app.put<OneMaterial & { Body: Readable | undefined }>(
    '/v1/cases/:id/materials/:material',
    {
      config: {
        errors: [
          'bad_subject',
          'not_found',
          'act_refused',
          'file_type',
          'file_too_large',
          'file_damaged',
          'file_active',
          'file_encrypted',
          'image_too_large',
          'ticket_moved',
          'state_unavailable',
          'view_unavailable',
        ],
      },
      schema: {
        operationId: 'putCaseMaterial',
        summary: 'upload what no register has: a PDF, a JPEG or a PNG, told by its content',
        description:
          'The body is the file. A PDF with a script, an action, media, a form that runs, another file or a password ' +
          'is refused. The same bytes again change nothing; others replace them, and a draft is signed again.',
        tags,
        consumes: [...TYPES],
        params: materialParams,
        response: { 200: lineSchema },
      },
    },
    async (request) => {
      checkStill(context, request, clientOf(request));
      const { id, material } = request.params;
      const desk = await cases();
      return read(request, (bytes) => desk.putMaterial(id, material, bytes, how(request)));
    },
  );
}

export function materialRoutes(app: FastifyInstance, desk: Desk): void {
  lookRoutes(app, desk);
  // of its own, for its bodies are no JSON
  app.register(async (inside) => putRoute(inside, desk));
}

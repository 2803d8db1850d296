/**
 * /v1/compliance/scans: a system asks one question by a compliance code (合规一码通) that it has scanned, and collects the
 * answer once the company has confirmed.
 */
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { id as idSchema, strict } from '../../../answer/question/request.js';
import { moment } from '../../../answer/question/schemas.js';
import { complianceOf, MAX_MONTHS, type Scanner } from '../../../documents/compliance/index.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { complianceAnswerSchema } from '../../../documents/model/schemas.js';

export const scanSchema = Type.Object(
  {
    code: Type.String({ minLength: 43, maxLength: 43, description: 'as the QR says it: the last part of its address' }),
    report: idSchema('the report whose domains are asked about'),
    domains: Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description: 'ids of domains: only what is needed',
    }),
    months: Type.Integer({ minimum: 1, maximum: MAX_MONTHS, description: 'how far back, up to today' }),
  },
  strict,
);
type ScanBody = Static<typeof scanSchema>;

export const scannedSchema = Type.Object({
  ticket: Type.String({ description: 'with what the answer is collected, by this client' }),
  number: Type.String({ description: "four digits that stand on the company's screen too" }),
  expiresAt: moment(),
});
export const answerSchema = Type.Object({
  state: Type.Enum(['waiting', 'answered']),
  expiresAt: Type.Optional(moment()),
  answer: Type.Optional(complianceAnswerSchema),
});
const byTicket = Type.Object({ ticket: Type.String({ pattern: '^[A-Za-z0-9_-]{43}\\.[A-Za-z0-9_-]{43}$' }) }, strict);

const service: Service = {
  port: 'api',
  async register(app, context) {
    const compliance = await complianceOf(context);
    app.addHook('onClose', () => compliance.close());
    const tags = ['compliance'];
    function scannerOf(request: FastifyRequest): Scanner {
      const { id, name, authority } = clientOf(request);
      return { kind: 'client', key: id, name: name.zh, authority };
    }
    const iso = (at: number): string => new Date(at).toISOString();

    app.post<{ Body: ScanBody }>(
      '/v1/compliance/scans',
      {
        config: { errors: ['code_unknown', 'code_used', 'code_expired', 'not_found'] },
        schema: {
          operationId: 'scan',
          summary: 'ask one question by a compliance code',
          description:
            'The code is used from then on. The company sees the client, its authority, the question and the ' +
            'number, and confirms within two minutes or refuses.',
          tags,
          body: scanSchema,
          response: { 201: scannedSchema },
        },
      },
      async (request, reply) => {
        const { code, ...asked } = request.body;
        const { id, ticket, number, until } = await compliance
          .codes()
          .scan(code, scannerOf(request), request.ip, compliance.question(asked), request.id);
        return reply.code(201).send({ ticket: `${id}.${ticket}`, number, expiresAt: iso(until) });
      },
    );

    app.get<{ Params: { ticket: string } }>(
      '/v1/compliance/scans/:ticket',
      {
        config: { errors: ['code_unknown', 'code_refused', 'code_expired', 'code_used'] },
        schema: {
          operationId: 'scanAnswer',
          summary: 'whether the company has confirmed; then the answer, once',
          description:
            '`waiting` until it has. The answer says of each domain `none`, `records` or `at_least` with their ' +
            'number, or `not_answered`; compare its name and subject with whom you have before you.',
          tags,
          params: byTicket,
          response: { 200: answerSchema },
        },
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const [id = '', ticket = ''] = request.params.ticket.split('.');
        const found = await compliance.codes().collect(id, ticket, scannerOf(request), request.id);
        void reply.header('cache-control', 'no-store');
        return found.state === 'waiting' ? { state: found.state, expiresAt: iso(found.until) } : found;
      },
    );
  },
};
export default service;

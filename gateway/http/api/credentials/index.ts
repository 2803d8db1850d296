/**
 * /v1/credentials/verify: whether what a company presents is a credential of ours, shows what is needed, and stands.
 * /v1/reports/{id}/revocation: that it stands no more.
 */
import { type Static, Type } from 'typebox';
import { type ErrorCode, errorTable, YitongError } from '../../../../contracts/errors.js';
import { id as idSchema, strict, subjectSchema } from '../../../answer/question/request.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { credentialsOf } from '../../../documents/credentials/index.js';
import { presentedSchema, revokedSchema } from '../../../documents/model/schemas.js';
import { reportsOf } from '../../../documents/reports/index.js';

export const verifySchema = Type.Object(
  {
    presentation: Type.String({ minLength: 1, description: "SD-JWT with its holder's proof, as the company gave it" }),
    nonce: Type.String({
      minLength: 16,
      maxLength: 200,
      description: 'given to the company for this one question; the client sees to it that it is taken once',
    }),
    audience: Type.String({ minLength: 1, maxLength: 500, description: 'for whom it must have been made' }),
    required: Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description: 'ids of domains that must be shown of every company',
    }),
    subjects: Type.Optional(
      Type.Array(subjectSchema, {
        minItems: 1,
        maxItems: 1000,
        uniqueItems: true,
        description: 'companies that must be among those of the report',
      }),
    ),
  },
  strict,
);
export const revocationSchema = Type.Object(
  {
    reason: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'stands in the log, for the company and auditors',
    }),
  },
  strict,
);
const byId = Type.Object({ id: idSchema('of the report') }, strict);
const serializerCompiler = () => JSON.stringify;

const service: Service = {
  port: 'api',
  async register(app, context) {
    const reports = await reportsOf(context);
    const credentials = credentialsOf(context);
    app.addHook('onClose', async () => {
      await credentials.close();
      await reports.close();
    });

    app.post<{ Body: Static<typeof verifySchema> }>(
      '/v1/credentials/verify',
      {
        // that no documents are signed here is nobody's secret
        config: {
          open: true,
          errors: (Object.keys(errorTable) as ErrorCode[]).filter((code) => /^(?:credential|holder_proof)_/.test(code)),
        },
        schema: {
          operationId: 'verifyCredential',
          summary: 'verify what a company presents of a report',
          description:
            'A refusal is an error with its own code, `credential_…` or `holder_proof_…`. A section that is ' +
            'not shown is not "none".',
          tags: ['credentials'],
          body: verifySchema,
          response: { 200: presentedSchema },
        },
        serializerCompiler,
      },
      async (request) => {
        const found = await credentials.verify(request.body);
        const asking = { requestId: request.id, by: clientOf(request).id };
        if (!found.ok) {
          await reports.presented(found.code === 'credential_revoked' ? 'revoked' : 'unknown', asking);
          throw new YitongError(found.code, found.message);
        }
        const { claims, sections } = found.report;
        const { cnf: _cnf, status: _status, ...told } = claims;
        const receipt = await reports.presented('genuine', asking, {
          report: claims.report,
          subject: claims.subjects[0]?.subject ?? '',
        });
        return { claims: told, sections, receipt: JSON.parse(receipt.json) as unknown };
      },
    );

    app.post<{ Params: { id: string }; Body: Static<typeof revocationSchema> }>(
      '/v1/reports/:id/revocation',
      {
        config: { errors: ['not_found'] },
        schema: {
          operationId: 'revokeReport',
          summary: 'revoke an issued report, for good, by the client that issued it',
          description:
            'Its code says `revoked` at once; verifiers of its credentials see it within a minute. Asked again ' +
            'it finishes what was interrupted.',
          tags: ['reports'],
          params: byId,
          body: revocationSchema,
          response: { 200: revokedSchema },
        },
        serializerCompiler,
      },
      async (request) => {
        const { id } = request.params;
        const { revokedAt, places, receipt } = await reports.revoke(id, request.body.reason, {
          requestId: request.id,
          by: clientOf(request).id,
        });
        await credentials.revoke(places);
        return { id, revokedAt, credentials: places.length, receipt: JSON.parse(receipt.json) as unknown };
      },
    );
  },
};
export default service;

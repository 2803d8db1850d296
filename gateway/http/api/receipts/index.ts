/**
 * GET /v1/receipts/{id}: the entry behind an answer's receipt with its inclusion proof, for the client that the answer
 * went to.
 */
import { Type } from 'typebox';
import { clientOf, type Service } from '../../../documents/context.js';
import { receiptFor } from '../../../log/store/receipts.js';

export const receiptAnswerSchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['logged', 'not_yet']),
  index: Type.Optional(Type.Integer({ description: 'of the entry in the log' })),
  body: Type.Optional(
    Type.String({ description: "the entry, byte for byte; the log's leaf is over SHA-256(salt ‖ body)" }),
  ),
  salt: Type.Optional(Type.String({ description: '32 bytes, base64' })),
  proof: Type.Optional(Type.String({ description: 'C2SP tlog-proof against the newest checkpoint' })),
  erasedBy: Type.Optional(Type.Integer({ description: 'the entry by which its subject was erased' })),
  expiredBy: Type.Optional(
    Type.Integer({ description: 'the entry by which its body was destroyed when its term was over' }),
  ),
});

const service: Service = {
  port: 'api',
  register(app, { dataDir, receipts }) {
    app.get<{ Params: { id: string } }>(
      '/v1/receipts/:id',
      {
        config: { regions: true, errors: ['bad_identifier', 'log_invalid', 'replica_unavailable'] },
        schema: {
          operationId: 'receipt',
          summary: "the log's proof for a receipt",
          description:
            'To the client that the answer went to. `not_yet` until the entry is under a checkpoint, which is ' +
            "promised by the receipt's merge-by time; said alike for receipts that do not exist.",
          tags: ['audit'],
          params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
          response: { 200: receiptAnswerSchema },
        },
      },
      async (request) => {
        const { id } = request.params;
        const client = clientOf(request).id;
        // another client's receipt is answered like one that does not exist yet; whose an expired one was nobody knows,
        // and it holds nothing
        return { id, ...(receipts === undefined ? receiptFor(dataDir, id, client) : await receipts(id, client)) };
      },
    );
  },
};
export default service;

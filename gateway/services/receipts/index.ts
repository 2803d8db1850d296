/** GET /v1/receipts/{id}: the entry behind an answer's receipt with its inclusion proof, for the client that the answer went to. */
import { Type } from 'typebox';
import { lookupReceipt } from '../../audit/receipts.js';
import { clientOf, type Service } from '../../context.js';

const answer = Type.Object({
  id: Type.String(),
  state: Type.Enum(['logged', 'not_yet']),
  index: Type.Optional(Type.Integer({ description: 'of the entry in the log' })),
  body: Type.Optional(Type.String({ description: 'the entry, byte for byte; the log\'s leaf is over SHA-256(salt ‖ body)' })),
  salt: Type.Optional(Type.String({ description: '32 bytes, base64' })),
  proof: Type.Optional(Type.String({ description: 'C2SP tlog-proof against the newest checkpoint' })),
  erasedBy: Type.Optional(Type.Integer({ description: 'the entry by which its subject was erased' })),
  expiredBy: Type.Optional(Type.Integer({ description: 'the entry by which its body was destroyed when its term was over' })),
});

/** The client that an entry names; nothing else of the body is read. */
function clientIn(body: string): unknown {
  return (JSON.parse(body) as { readonly client?: unknown }).client;
}

const service: Service = {
  port: 'api',
  register(app, { dataDir }) {
    app.get<{ Params: { id: string } }>(
      '/v1/receipts/:id',
      {
        schema: {
          summary: 'the log\'s proof for a receipt',
          description: 'To the client that the answer went to. `not_yet` until the entry is under a checkpoint, which is promised by the receipt\'s merge-by time; said alike for receipts that do not exist.',
          tags: ['audit'],
          params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
          response: { 200: answer },
        },
      },
      (request) => {
        const { id } = request.params;
        const found = lookupReceipt(dataDir, id);
        // another client's receipt is answered like one that does not exist yet; whose an expired one was nobody knows, and it holds nothing
        if (found.kind === 'not_yet' || (found.expiredBy === undefined && clientIn(found.body) !== clientOf(request).id)) return { id, state: 'not_yet' };
        return {
          id,
          state: 'logged',
          index: found.index,
          body: found.body,
          proof: found.proof,
          ...(found.salt === undefined ? {} : { salt: found.salt.toString('base64') }),
          ...(found.erasedBy === undefined ? {} : { erasedBy: found.erasedBy }),
          ...(found.expiredBy === undefined ? {} : { expiredBy: found.expiredBy }),
        };
      },
    );
  },
};
export default service;

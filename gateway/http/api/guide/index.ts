/**
 * POST /v1/guide: which matter somebody wants who says it in their own words. It asks no register and does nothing; of
 * the sentence nothing is kept by which somebody is known, and that it was answered is on record before the answer
 * leaves.
 */
import { YitongError } from '../../../../contracts/errors.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { openGuideDesk } from '../../../procedures/guide/desk.js';
import { heardOf } from '../../../procedures/guide/heard.js';
import { guidanceSchema, guideBody } from './schema.js';

const service: Service = {
  port: 'api',
  register(app, context) {
    const heard = heardOf(context);
    app.addHook('onClose', () => heard.close());
    const desk = openGuideDesk({ ...context, heard });
    app.post<{ Body: { sentence: string } }>(
      '/v1/guide',
      {
        config: { errors: ['not_found'], open: true },
        schema: {
          operationId: 'guide',
          summary: 'from a sentence in somebody’s own words to the matter, and the next question',
          description:
            'Where it is not sure `bundle` is null, and the three nearest are `candidates`. Nothing is filed by it.',
          tags: ['bundles'],
          body: guideBody,
          response: { 200: guidanceSchema },
        },
        // answers are objects already; the schemas are for OpenAPI
        serializerCompiler: () => JSON.stringify,
      },
      async (request) => {
        const asking = { requestId: request.id, by: clientOf(request).id };
        const guidance = await desk.answer(request.body.sentence, asking);
        if (guidance === undefined) throw new YitongError('not_found', 'the workspace has no bundles to lead to');
        return guidance;
      },
    );
  },
};
export default service;

/**
 * POST /v1/sandbox/query: a question as `POST /v1/query` takes it, decided alike and answered from invented records, in
 * a log of the sandbox's own. That it was asked is on record; it counts among no figures.
 */
import { errorTable } from '../../../../contracts/errors.js';
import { deniedSchema } from '../../../answer/question/schemas.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { administrationBody, UNKNOWN } from '../../../log/entries/events.js';
import { sandboxOf } from '../../plugins/sandbox.js';
import { dryRun } from '../query/dry.js';
import { type SandboxBody, sandboxAnswerSchema, sandboxSchema, subjectsSchema } from './schema.js';

const tags = ['sandbox'];

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { journal, now, workspace, settings } = context;
    const { maxDatasets, maxRecords } = settings.gateway;
    const sandbox = sandboxOf(context);
    const known = new Set<string>([...workspace.contracts.values()].map(({ id }) => id));

    app.get(
      '/v1/sandbox/subjects',
      {
        schema: {
          operationId: 'sandboxSubjects',
          summary: 'the invented subjects about whom the sandbox can be asked',
          description: 'They are the same each time; any other subject is refused there as `not_in_sandbox`.',
          tags,
          response: { 200: subjectsSchema },
        },
      },
      () => ({ subjects: sandbox.subjects.map(({ subject, title }) => ({ subject, title })) }),
    );

    app.post<{ Body: SandboxBody }>(
      '/v1/sandbox/query',
      {
        config: {
          errors: ['denied', 'purpose_required', 'bad_identifier', 'bad_subject', 'bad_case', 'not_in_sandbox'],
        },
        schema: {
          operationId: 'sandboxQuery',
          summary: 'try a question: decided as it would be, answered from invented records',
          description:
            'What is asked and answered has the form of `POST /v1/query`; the receipt is of the log of the sandbox, ' +
            'which ends with its process. The same clients, purposes and grants count; no register is read.',
          tags,
          body: sandboxSchema(maxDatasets, maxRecords),
          response: { 200: sandboxAnswerSchema, 403: deniedSchema },
        },
        // answers are bytes already
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const client = clientOf(request);
        const { plan, allowed, body } = sandbox.ask(client, request.body, request.id, dryRun);
        await journal.append({
          clear: administrationBody({
            time: new Date(now()).toISOString(),
            action: 'sandbox_asked',
            by: 'client',
            target: client.id,
            detail: {
              requestId: request.id,
              purpose: plan.unknown?.purpose === undefined ? request.body.purpose : UNKNOWN,
              datasets: plan.datasets.map(({ id, decision }) => ({
                dataset: known.has(id) ? id : UNKNOWN,
                effect: decision.effect,
              })),
            },
          }),
        });
        const ok = allowed || request.body.dryRun === true;
        return reply
          .code(ok ? 200 : errorTable.denied.status)
          .header('content-type', ok ? 'application/json; charset=utf-8' : 'application/problem+json')
          .send(body);
      },
    );
  },
};
export default service;

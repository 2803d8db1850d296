/**
 * /console/developer: a developer asks as a client of the own department, in the sandbox. Nothing of a question made
 * here is in the log, the figures or the histories of the installation; that the desk was looked at is.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isYitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { explain } from '../../../../policies/explain.js';
import { loadTour } from '../../../../policies/tour.js';
import type { Sandbox } from '../../../answer/sandbox/sandbox.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { contractNames } from '../../../documents/words/names.js';
import { dryRun } from '../../api/query/dry.js';
import { sessionOf } from '../../plugins/people.js';
import { sandboxOf } from '../../plugins/sandbox.js';
import { sendFramed } from '../../ui/frame.js';
import { choicesOf, questionOf, type Sent } from './desk.js';
import { type Asked, developerPage } from './explorer.js';
import { keyRoutes } from './keys.js';
import { DESK } from './tabs.js';
import { absentOf, toDo } from './to-do.js';

const ROLES = ['developer'] as const;

interface Route {
  readonly Querystring: Pick<Sent, 'client' | 'purpose' | 'dataset'>;
  readonly Body: Sent;
}

/** What the sandbox says, with each decision in words. */
function asked(context: GatewayContext, sandbox: Sandbox, request: FastifyRequest<Route>): Asked {
  const { workspace, inForce, now, settings } = context;
  const { policies } = inForce();
  const sent = request.body;
  const { client } = choicesOf(context, policies, sessionOf(request).person.authority, sent);
  const question = questionOf(sent, settings.gateway.maxDatasets);
  if (client === undefined) throw new Error('a developer without a client has no form');
  try {
    const { plan, body, entry, allowed } = sandbox.ask(client, question, request.id, dryRun);
    const names = contractNames(workspace);
    const at = now();
    return {
      question,
      allowed,
      body: body.toString('utf8'),
      entry,
      words: plan.datasets.map(({ decision }, i) => {
        const { id, fields } = question.datasets[i] ?? { id: '' };
        const input = {
          client,
          purpose: question.purpose,
          dataset: id,
          delivery: 'query' as const,
          now: at,
          ...(fields === undefined ? {} : { fields }),
          ...(question.case === undefined ? {} : { case: question.case }),
        };
        return {
          ...explain(input, decision, policies, names),
          toDo: toDo(decision),
          absent: fields === undefined ? absentOf(workspace.contracts.get(id as DatasetId), decision) : [],
        };
      }),
    };
  } catch (error) {
    if (isYitongError(error) && ['not_in_sandbox', 'bad_subject', 'bad_identifier'].includes(error.code))
      return { question, fault: error.code };
    throw error;
  }
}

function show(
  context: GatewayContext,
  sandbox: Sandbox,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  answer?: Asked,
): FastifyReply {
  const sent: Sent = answer === undefined ? request.query : request.body;
  const { policies } = context.inForce();
  return sendFramed(request, answer?.fault === undefined ? reply : reply.code(400), {
    title: request.language === 'zh' ? '开发台' : "Developer's desk",
    workspace: context.workspace,
    scripts: ['choose.js'],
    children: developerPage({
      language: request.language,
      choices: choicesOf(context, policies, sessionOf(request).person.authority, sent),
      subjects: sandbox.subjects,
      origin: sandbox.origin,
      sent,
      asked: answer,
    }),
  });
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const sandbox = sandboxOf(context);
    const tour = await loadTour(context.workspace);
    const own = { schema: { hide: true }, config: { roles: ROLES } };
    app.get<Route>(
      DESK,
      { ...own, config: { roles: ROLES, nav: { title: { zh: '开发台', en: 'Developer' }, order: 10 } } },
      async (request, reply) => {
        await app.people.record.looked(sessionOf(request).person, {
          requestId: request.id,
          action: 'developer',
          role: 'developer',
        });
        return show(context, sandbox, request, reply);
      },
    );
    app.post<Route>(DESK, { ...own, config: { roles: ROLES, lists: ['dataset', 'field'] } }, async (request, reply) =>
      show(context, sandbox, request, reply, asked(context, sandbox, request)),
    );
    keyRoutes(app, context, sandbox.subjects, tour);
  },
};
export default service;

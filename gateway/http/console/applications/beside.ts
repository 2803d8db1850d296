/** What stands beside the steps of a matter: comments of its sides, and standing consents of a head. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { addComment, MAX_COMMENT } from '../../../procedures/sharing/comments.js';
import { setStandingConsent, standingConsents } from '../../../procedures/sharing/standing.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { type Desk, READERS } from './desk.js';
import { type Sent, text } from './sent.js';
import { standingPage } from './standing-page.js';
import { PATH } from './words.js';

const HEAD = ['sharing-head'] as const;

interface Route {
  readonly Params: { readonly id: string };
  readonly Body: Sent;
}

export function commentRoute(app: FastifyInstance, desk: Desk): void {
  app.post<Route>(
    `${PATH}/:id/comment`,
    { schema: { hide: true }, config: { roles: READERS } },
    async (request, reply) => {
      const matter = await desk.opened(request, request.params.id);
      const said = text(request.body['text']);
      if (said === '' || said.length > MAX_COMMENT)
        throw formFault({
          text: { zh: `请用 1 至 ${MAX_COMMENT} 字填写。`, en: `Write 1 to ${MAX_COMMENT} characters.` },
        });
      const { person } = sessionOf(request);
      const { state } = await desk.sharing();
      await addComment(state, matter, { text: said, authority: person.authority ?? '', at: desk.context.now() }, () =>
        app.people.record.did(person, {
          action: 'sharing_comment',
          role: roleOf(request, person),
          target: matter.head.id,
          detail: { requestId: request.id },
          about: { text: said },
        }),
      );
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${matter.head.id}#comments`, 303);
    },
  );
}

export function standingRoutes(
  app: FastifyInstance,
  desk: Desk,
  whoIs: (desk: Desk, request: FastifyRequest) => string,
): void {
  app.get(`${PATH}/standing`, { schema: { hide: true }, config: { roles: HEAD } }, async (request, reply) => {
    const { language } = request;
    const { state } = await desk.sharing();
    const consents = new Map((await standingConsents(state)).map((one) => [one.dataset, one]));
    const own = [...desk.workspace.contracts.values()].filter(
      ({ authority, sharing }) => authority === desk.authorityOf(request) && sharing.attribute === 'unconditional',
    );
    await desk.looked(request, 'standing_consents', own.length);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '长期同意' : 'Standing consents',
      workspace: desk.workspace,
      children: standingPage({
        language,
        of: whoIs(desk, request),
        lines: own.map(({ id, name }) => ({ dataset: id, title: name, ...present({ consent: consents.get(id) }) })),
      }),
    });
  });
  app.post<Route>(
    `${PATH}/standing/:id`,
    { schema: { hide: true }, config: { roles: HEAD } },
    async (request, reply) => {
      const contract = desk.contractOf(request.params.id);
      if (contract === undefined) throw new YitongError('not_found', 'there is no such dataset');
      const reason = text(request.body['reason']);
      if (reason.length < 4 || reason.length > 500)
        throw formFault({ reason: { zh: '请用 4 至 500 字说明理由。', en: 'Say in 4 to 500 characters why.' } });
      const { state } = await desk.sharing();
      await setStandingConsent(
        {
          workspace: desk.workspace,
          state,
          actor: desk.actorOf(request),
          record: desk.recordOf(request),
          now: desk.context.now,
        },
        contract.id,
        { stands: text(request.body['stands']) === 'yes', reason },
      );
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/standing`, 303);
    },
  );
}

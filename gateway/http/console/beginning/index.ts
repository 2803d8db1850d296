/**
 * /console/developer/start: from zero to the first answer. What stands there is made of the clients and grants of the
 * reader's own department; a look is on record as of the desk.
 */

import { loadTour } from '../../../../policies/tour.js';
import type { Service } from '../../../documents/context.js';
import { runningUp } from '../../../ground/files/places.js';
import { sessionOf } from '../../plugins/people.js';
import { sandboxOf } from '../../plugins/sandbox.js';
import { sendFramed } from '../../ui/frame.js';
import { START } from '../developer/tabs.js';
import { beginningPage } from './page.js';
import { groundOf } from './steps.js';

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, now, inForce, dataDir } = context;
    const { subjects } = sandboxOf(context);
    const tour = await loadTour(workspace);
    app.get(START, { schema: { hide: true }, config: { roles: ['developer'] } }, async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'developer',
        role: 'developer',
        detail: { page: 'start' },
      });
      const up = runningUp(dataDir);
      const { policies } = inForce();
      const ground = groundOf({ workspace, now, policies, authority: person.authority, tour, subjects, up });
      return sendFramed(request, reply, {
        title: language === 'zh' ? '快速入门' : 'From zero to the first answer',
        workspace,
        scripts: ['choose.js'],
        children: beginningPage({ language, ground, city: up !== undefined }),
      });
    });
  },
};
export default service;

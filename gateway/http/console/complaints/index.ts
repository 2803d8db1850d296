/** /console/complaints: what subjects complain of, for the auditor. Their texts are opened, and that is on record. */

import { YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { complaintsFor } from '../../../procedures/lifecycles/complaints.js';
import { COMPLAINTS, complaintOf } from '../../people/complaints.js';
import { hideSubject } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { complaintsPage } from './list.js';

const PATH = '/console/complaints';
const PAGE = 30;

const service: Service = {
  port: 'people',
  register(app, { workspace, tickets }) {
    app.get<{ Querystring: { after?: string } }>(
      PATH,
      {
        schema: { hide: true },
        config: { roles: ['auditor'], nav: { title: { zh: '投诉', en: 'Complaints' }, order: 30 } },
      },
      async (request, reply) => {
        const session = sessionOf(request);
        const { after } = request.query;
        if (after !== undefined && !/^\d{1,15}$/.test(after))
          throw new YitongError('bad_request', '`after` is not a number');
        const handled = await complaintsFor(tickets, session.person);
        const page = await app.people
          .search()
          .page(COMPLAINTS, { limit: PAGE, open: true, ...(after === undefined ? {} : { after: Number(after) }) });
        const complaints = page.entries.flatMap((entry) => complaintOf(entry) ?? []);
        await app.people.record.looked(session.person, {
          requestId: request.id,
          action: 'complaints',
          role: 'auditor',
          detail: { entries: complaints.map(({ entry }) => entry), ids: handled.map(({ id }) => id) },
          results: complaints.length + handled.length,
        });
        return sendFramed(request, reply, {
          title: request.language === 'zh' ? '投诉' : 'Complaints',
          workspace,
          children: complaintsPage({
            language: request.language,
            handled:
              after !== undefined
                ? []
                : handled.map((one) => ({
                    ...one,
                    ...(one.subject === undefined
                      ? {}
                      : { search: `/console/search?subject=${hideSubject(session, one.subject)}` }),
                  })),
            complaints: complaints.map((one) => ({
              ...one,
              ...(one.subject === undefined
                ? {}
                : { search: `/console/search?subject=${hideSubject(session, one.subject)}` }),
            })),
            first: after === undefined ? undefined : PATH,
            next: page.next === undefined ? undefined : `${PATH}?after=${page.next}`,
          }),
        });
      },
    );
  },
};
export default service;

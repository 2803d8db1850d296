/** What runs out, of whoever looks: terms of open applications, and grants of its own systems and of its own data. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dayOf } from '../../../../policies/dates.js';
import { sessionOf } from '../../plugins/people.js';
import { chosenIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { calendarPage, type Ending, endingFilters, fitsEnding } from './calendar-page.js';
import { type Desk, READERS } from './desk.js';
import { clocksOf, namesFor } from './reading.js';
import { PATH } from './words.js';

/** Days ahead within which the end of a grant is told; those of the past month as well. */
const AHEAD = 730;
const BEHIND = 30;
const MOST = 300;

export function calendarRoute(
  app: FastifyInstance,
  desk: Desk,
  whoIs: (desk: Desk, request: FastifyRequest) => string,
): void {
  app.get(`${PATH}/calendar`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const filters = endingFilters(language);
    const chosen = chosenIn(request.query, filters);
    const all = await endingsOf(desk, request);
    const endings = all.filter((one) => fitsEnding(one, chosen)).slice(0, MOST);
    await desk.looked(request, 'application_calendar', endings.length, chosen);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '到期日历' : 'What runs out',
      workspace: desk.workspace,
      children: calendarPage({ language, of: whoIs(desk, request), filters, chosen, endings }),
    });
  });
}

async function endingsOf(desk: Desk, request: FastifyRequest): Promise<readonly Ending[]> {
  const { context } = desk;
  const { person } = sessionOf(request);
  const names = namesFor(context);
  const today = dayOf(context.now());
  const left = (day: string): number => Math.round(Date.parse(day) / 86_400_000) - today;
  const terms = (await desk.all(person, 'open')).flatMap((matter) =>
    Object.keys(matter.state.parts).flatMap((part) =>
      clocksOf(matter, part).map(({ name, term }): Ending => {
        const title = names.dataset(part);
        return {
          day: term.due.day,
          what: { zh: `${title.zh}：${name.zh}`, en: `${title.en}: ${name.en}` },
          detail: names.authority(matter.head.sides['']?.requester),
          kind: 'term',
          href: `${PATH}/${matter.head.id}`,
          left: left(term.due.day),
        };
      }),
    ),
  );
  const everything = person.roles.includes('sharing-authority');
  const { grants, clients } = context.inForce().policies;
  const ours = [...grants.values()].filter(
    ({ client, dataset }) =>
      everything ||
      clients.get(client)?.authority === person.authority ||
      names.contract(dataset)?.authority === person.authority,
  );
  const ends = ours.map(({ id, client, dataset, until, purposes }): Ending => {
    const [system, title] = [names.client(client), names.dataset(dataset)];
    const purpose = names.purpose(purposes[0] ?? '');
    return {
      day: until,
      what: { zh: `${system.zh} · ${title.zh}`, en: `${system.en} · ${title.en}` },
      detail: purpose,
      kind: 'grant',
      ...(everything ? { href: `/console/grants/${id}` } : {}),
      left: left(until),
    };
  });
  return [...terms, ...ends]
    .filter((one) => one.left >= -BEHIND && one.left <= AHEAD)
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

/** The pages on which a matter begins that is no application. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import { present } from '../../../../contracts/present.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { type Desk, MACHINE, READERS } from './desk.js';
import { openPage } from './open-page.js';
import { CONTENT_INPUTS, contentOf, type Input } from './opening.js';
import { actLine, namesFor } from './reading.js';
import { type Sent, text } from './sent.js';
import { PATH } from './words.js';

interface Route {
  readonly Params: { readonly machine: string };
  readonly Querystring: { readonly grant?: string; readonly authority?: string };
  readonly Body: Sent;
}

/** Acts by which whoever is signed in may begin a matter of the machine, as far as there is a form for them. */
async function beginnings(desk: Desk, request: FastifyRequest, machine: string) {
  const matters = await desk.matters();
  const lifecycle = machine === MACHINE ? undefined : matters.machines.get(machine);
  if (lifecycle === undefined) throw new YitongError('not_found', 'there is no such kind of matter');
  const acts = matters
    .openings(desk.actorOf(request))
    .filter((one) => one.machine === machine)
    .flatMap((one) => one.acts)
    .filter((act) => hasForm(lifecycle, act));
  return { lifecycle, acts: [...new Set(acts)] };
}

const hasForm = ({ acts }: Lifecycle, act: string): boolean => {
  const content = acts[act]?.content;
  return content === undefined || Object.hasOwn(CONTENT_INPUTS, content);
};

/** Kinds of matters that whoever is signed in may begin, beside an application. */
export async function openable(desk: Desk, request: FastifyRequest) {
  const matters = await desk.matters();
  return matters.openings(desk.actorOf(request)).flatMap(({ machine, acts }) => {
    const lifecycle = matters.machines.get(machine);
    return lifecycle === undefined || machine === MACHINE || !acts.some((act) => hasForm(lifecycle, act))
      ? []
      : [{ machine, title: lifecycle.title }];
  });
}

async function optionsFor(desk: Desk, request: FastifyRequest) {
  const { context, workspace, systemsOf, authorityOf } = desk;
  const { bodies } = (await desk.sharing()).grants.places;
  const names = namesFor(context);
  const own = authorityOf(request);
  const everything = sessionOf(request).person.roles.includes('sharing-authority');
  const { grants, purposes, clients } = context.inForce().policies;
  const both = (a: { zh: string; en: string }, b: { zh: string; en: string }) => ({
    zh: `${a.zh} · ${b.zh}`,
    en: `${a.en} · ${b.en}`,
  });
  const contracts = [...workspace.contracts.values()];
  const named = ({ id, name }: { readonly id: string; readonly name: { zh: string; en: string } }) => ({
    value: id,
    title: name,
  });
  return {
    grant: [...grants.values()]
      .filter(
        ({ client, dataset }) =>
          everything || clients.get(client)?.authority === own || names.contract(dataset)?.authority === own,
      )
      .map(({ id, client, dataset, purposes: [purpose = ''] }) => ({
        value: id,
        title: both(both(names.client(client), names.dataset(dataset)), names.purpose(purpose)),
      })),
    dataset: contracts.filter(({ authority }) => authority !== own).map(named),
    'own-dataset': contracts.filter(({ authority }) => authority === own).map(named),
    'any-dataset': contracts.map(named),
    client: systemsOf(request).map(named),
    purpose: [...purposes.values()].map(named),
    authority: [...workspace.authorities.values()].map(named),
    // also those that provide no data here: of a district, of another region
    department: [
      ...[...workspace.authorities.values()].map(named),
      ...Object.entries(bodies).flatMap(([value, { zh, en, area }]) =>
        area === undefined ? [] : [{ value, title: { zh, en } }],
      ),
    ],
  };
}

export function openingRoutes(app: FastifyInstance, desk: Desk): void {
  const address = `${PATH}/open/:machine`;
  app.get<Route>(address, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const { machine } = request.params;
    const { lifecycle, acts } = await beginnings(desk, request, machine);
    await desk.looked(request, 'application_catalogue', 0, { machine });
    const inputs: Record<string, readonly Input[]> = {};
    for (const act of acts) inputs[act] = CONTENT_INPUTS[lifecycle.acts[act]?.content ?? ''] ?? [];
    return sendFramed(request, reply, {
      title: language === 'zh' ? `发起${lifecycle.title.zh}` : `Begin: ${lifecycle.title.en}`,
      workspace: desk.workspace,
      children: openPage({
        language,
        machine,
        title: lifecycle.title,
        basis: lifecycle.basis,
        acts: acts.map((act) => actLine(lifecycle, { act, party: '', parts: [] }, undefined)),
        inputs,
        options: await optionsFor(desk, request),
        chosen: present({ grant: request.query.grant, authority: request.query.authority }),
      }),
    });
  });
  app.post<Route>(
    address,
    { schema: { hide: true }, config: { roles: READERS, lists: 'any' } },
    async (request, reply) => {
      const { machine } = request.params;
      const { lifecycle, acts } = await beginnings(desk, request, machine);
      const act = text(request.body['act']);
      if (!acts.includes(act)) throw new YitongError('act_refused', 'such a matter does not begin so');
      const { fields } = actLine(lifecycle, { act, party: '', parts: [] }, undefined);
      const said = Object.fromEntries(
        fields.map(({ name }) => [name, text(request.body[`field.${name}`])]).filter(([, value]) => value !== ''),
      ) as Record<string, string>;
      const content = lifecycle.acts[act]?.content;
      const { head } = await (await desk.matters()).open(
        machine,
        {},
        {
          actor: desk.actorOf(request),
          act,
          fields: said,
          ...(content === undefined ? {} : { content: contentOf(request.body, CONTENT_INPUTS[content] ?? []) }),
          record: desk.recordOf(request),
        },
      );
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${head.id}`, 303);
    },
  );
}

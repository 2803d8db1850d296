/** /console/alerts: what the watching rules found; acknowledging one says what was found out, and is on record. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import { namesOf } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { openSubjectKeys, type SubjectKeys } from '../../../log/entries/keys.js';
import { auditLayout } from '../../../log/entries/layout.js';
import { NONCE_BYTES, seal, unseal } from '../../../log/entries/seal.js';
import { loadRules } from '../../../procedures/watch/rule.js';
import { type Alert, type AlertStore, openAlerts } from '../../../procedures/watch/store.js';
import { MOST_ITEMS, type WaitingItem } from '../../people/rooms.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { choicesIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { backTo, listed, sendListed } from '../../ui/listing.js';
import { alertListing, alertPage, alertsPage, SHOWS } from './alerts-page.js';
import type { Auditing } from './auditing.js';

const PATH = '/console/alerts';
const ROLES = ['auditor'] as const;
/** Alerts that are acknowledged at once. */
const MOST_PICKED = 200;

interface Params {
  readonly id: string;
}

interface Stores {
  readonly store: AlertStore;
  readonly keys: SubjectKeys;
}

/** @throws YitongError `not_found` */
function alertOf(store: AlertStore, id: string): Alert {
  const alert = /^[0-9a-f]{32}$/.test(id) ? store.get(id) : undefined;
  if (alert === undefined) throw new YitongError('not_found', 'there is no such alert');
  return alert;
}

/** What was noted, while the person's key is there. */
function noteOf(
  keys: SubjectKeys,
  { acknowledged }: Alert,
): { readonly name: string; readonly note: string } | undefined {
  const secret = acknowledged === undefined ? undefined : keys.byPseudonym(acknowledged.pseudonym);
  if (secret === undefined || acknowledged === undefined) return undefined;
  const { name, note } = unseal(secret, acknowledged.enc).details as { readonly name: string; readonly note: string };
  return { name, note };
}

/** Says what was found out about alerts, each on record by itself before it is shown as done. */
async function acknowledge(
  request: FastifyRequest,
  { context }: Auditing,
  { store, keys }: Stores,
  alerts: readonly Alert[],
  said: string | undefined,
): Promise<void> {
  const { person } = sessionOf(request);
  const note = said?.trim() ?? '';
  if (note.length < 4 || note.length > 500)
    throw formFault({
      note: { zh: '请用 4 至 500 字说明处理情况。', en: 'Say in 4 to 500 characters what was found out.' },
    });
  const subject = `person:${person.id}`;
  keys.ensure([subject]);
  const secret = keys.get(subject);
  if (secret === undefined) throw new YitongError('internal', 'the key of the person is not there');
  for (const { id } of alerts) {
    await request.server.people.record.looked(person, {
      requestId: request.id,
      action: 'alert_acknowledged',
      role: 'auditor',
      detail: { alert: id },
      about: { note },
    });
    store.acknowledge(id, {
      at: context.now(),
      pseudonym: secret.pseudonym,
      enc: seal(
        secret,
        randomBytes(NONCE_BYTES),
        Buffer.from(JSON.stringify({ subject, details: { name: person.name, note } })),
      ),
    });
  }
}

interface Picked {
  readonly note?: string;
  readonly alert?: string | readonly string[];
  readonly back?: string;
}

/** One alert, and those that are picked of the list by one note. */
function acknowledgeRoutes(app: FastifyInstance, auditing: Auditing, stores: () => Stores): void {
  app.post<{ Params: Params; Body: { readonly note?: string } }>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const alert = alertOf(stores().store, request.params.id);
      await acknowledge(request, auditing, stores(), [alert], request.body.note);
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${alert.id}`, 303);
    },
  );
  app.post<{ Body: Picked }>(
    `${PATH}/acknowledge`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['alert'] } },
    async (request, reply) => {
      const { note, alert, back = '' } = request.body;
      const picked = [...new Set([alert ?? []].flat())].slice(0, MOST_PICKED).map((id) => alertOf(stores().store, id));
      const open = picked.filter(({ acknowledged }) => acknowledged === undefined);
      if (picked.length === 0) throw formFault({ note: { zh: '请先勾选告警。', en: 'Pick alerts first.' } });
      await acknowledge(request, auditing, stores(), open, note);
      return reply.header('cache-control', 'no-store').redirect(backTo(PATH, back), 303);
    },
  );
}

type Shared = (language: Language) => Parameters<typeof alertListing>[0];

/** The list, and the whole of it as a table for a spreadsheet. */
function listRoutes(app: FastifyInstance, { context }: Auditing, store: () => AlertStore, shared: Shared): void {
  /** On record first. */
  async function found(request: FastifyRequest<{ Querystring: { readonly show?: string } }>, isExport: boolean) {
    const { person } = sessionOf(request);
    const { language } = request;
    const show = SHOWS.find((one) => one === (request.query.show ?? 'open'));
    if (show === undefined) throw new YitongError('bad_request', '`show` is `open` or `all`');
    const all = store().list();
    const open = all.filter(({ acknowledged }) => acknowledged === undefined);
    const alerts = await listed(request, context, alertListing(shared(language)), show === 'open' ? open : all, {
      show,
    });
    const { filters, chosen, rows } = alerts;
    const { q } = chosen;
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'alerts',
      role: 'auditor',
      detail: { show, ...choicesIn(filters, chosen), ...(isExport ? { export: true } : {}) },
      ...(q === undefined ? {} : { about: { filter: q.toLowerCase() } }),
      results: rows.length,
    });
    return { alerts, show, counts: { open: open.length, all: all.length } };
  }

  app.get<{ Querystring: { readonly show?: string } }>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '告警', en: 'Alerts' }, order: 15 } },
    },
    async (request, reply) =>
      sendFramed(request, reply, {
        title: request.language === 'zh' ? '告警' : 'Alerts',
        workspace: context.workspace,
        scripts: ['choose.js'],
        children: alertsPage(await found(request, false)),
      }),
  );
  app.get<{ Querystring: { readonly show?: string } }>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await found(request, true)).alerts),
  );
}

export async function alertRoutes(app: FastifyInstance, auditing: Auditing): Promise<void> {
  const { context, reports } = auditing;
  const { workspace, dataDir } = context;
  const layout = auditLayout(dataDir);
  const rules = await loadRules();
  let opened: Stores | undefined;
  const stores = (): Stores =>
    (opened ??= { store: openAlerts(layout.alerts), keys: openSubjectKeys({ dir: layout.subjectKeys, cache: 100 }) });
  app.addHook('onClose', async () => {
    await opened?.store.close();
    await opened?.keys.close();
  });

  const shared: Shared = (language) => ({
    language,
    rules,
    names: namesOf(context, language, reports),
    lifecycles: context.tickets.lifecycles as ReadonlyMap<string, Lifecycle>,
  });
  listRoutes(app, auditing, () => stores().store, shared);

  app.get<{ Params: Params }>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const alert = alertOf(stores().store, request.params.id);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'alert',
        role: 'auditor',
        detail: { alert: alert.id },
      });
      const { language } = request;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '告警' : 'Alert',
        workspace,
        children: alertPage({ ...shared(language), alert, note: noteOf(stores().keys, alert) }),
      });
    },
  );

  acknowledgeRoutes(app, auditing, stores);
  app.people.rooms.push({
    id: 'alerts',
    title: { zh: '告警', en: 'Alerts' },
    href: PATH,
    roles: ROLES,
    async waiting() {
      const open = stores()
        .store.list()
        .filter(({ acknowledged }) => acknowledged === undefined);
      const items = open.slice(0, MOST_ITEMS).map(({ id, rule }): WaitingItem => {
        const title = rules.get(rule)?.title ?? { zh: '已停用的规则', en: 'a rule that is gone' };
        return { id, title, href: `${PATH}/${id}` };
      });
      return { count: open.length, items };
    },
  });
}

/** What is given under applications, and which changes of it were filed: for whoever checks the next contracts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dayOf } from '../../../contracts/calendar.js';
import type { FiledChange, Services } from '../../../contracts/service-change.js';
import { appliedIn } from '../../answer/inforce/applied-grants.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { links, MatterStore } from './store.js';

/** Of a data folder, or of the state that all share. @throws YitongError `state_unavailable`, `bad_grant` */
export async function servicesAt(place: Parameters<typeof openState>[0]): Promise<Services> {
  if (place.settings.driver === 'embedded' && !existsSync(join(place.data, 'state'))) return { grants: [], filed: [] };
  const state = await openState(place);
  try {
    return await servicesIn(state, Date.now());
  } finally {
    await state.close();
  }
}

const MACHINE = 'service-change';

/** @throws YitongError `state_unavailable`, `bad_grant` */
export async function servicesIn(state: State, now: number): Promise<Services> {
  const { grants } = await appliedIn(state);
  const today = dayOf(now);
  const living = [...grants].flatMap(([id, one]) =>
    'ended' in one || one.grant.until < today
      ? []
      : [
          {
            id,
            client: one.grant.client,
            dataset: one.grant.dataset,
            fields: one.grant.fields.map((field) => (typeof field === 'string' ? field : field.path)),
          },
        ],
  );
  return living.length === 0 ? { grants: [], filed: [] } : { grants: living, filed: await filedIn(state) };
}

/** Filed of each requester that there is, and not in effect yet. */
async function filedIn(state: State): Promise<readonly FiledChange[]> {
  const store = new MatterStore(state);
  const found = new Map<string, FiledChange>();
  for (let after: string | undefined; ; ) {
    const page = await store.list(links.ofMachine(MACHINE, false), {
      limit: 200,
      ...(after === undefined ? {} : { after }),
    });
    for (const { head, state: where, contents } of page.matters)
      if (Object.values(where.parts).every((part) => part.state === 'filed'))
        found.set(head.id, contents['of-service'] as unknown as FiledChange);
    if (page.next === undefined) return [...found.values()];
    after = page.next;
  }
}

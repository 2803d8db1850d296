/**
 * What people do is on record like what systems do: durable before they see anything. Who it was stands under that
 * person's own key.
 */

import { present } from '../../../contracts/present.js';
import type { Person } from '../../ground/identity/person.js';
import type { ActionName, LookName } from './actions.js';
import { administrationBody, lookedBody, type RefusedEvent, refusedBody, signedInBody } from './events.js';
import type { Journal, Receipt } from './port.js';

interface Look {
  readonly requestId: string;
  readonly action: LookName;
  readonly role: string;
  /** Filters and the like: no subject, no name. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** What was seen. */
  readonly results?: number;
  /** The subject that was looked at, a case or a handler: only under the person's key. */
  readonly about?: Readonly<Record<string, unknown>>;
}

export interface Deed {
  readonly action: ActionName;
  readonly role: string;
  readonly target: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Words of the person: only under a key. */
  readonly about?: Readonly<Record<string, unknown>>;
  /** Under whose key it stands; default the person's own. */
  readonly subject?: string;
}

export interface Recorder {
  /** @throws YitongError `audit_unavailable`: then nothing may be shown */
  looked(person: Person, look: Look): Promise<Receipt>;
  /** @throws YitongError `audit_unavailable`: then nothing may be done */
  did(person: Person, deed: Deed): Promise<Receipt>;
  /** @throws YitongError `audit_unavailable`: then that is told in place of the refusal */
  refused(person: Person, what: Omit<RefusedEvent, 'client' | 'authority' | 'roles'>): Promise<void>;
  signedIn(person: Person | undefined, outcome: 'signed_in' | 'signed_out' | 'refused', reason?: string): Promise<void>;
}

const subjectOf = (person: Person): string => `person:${person.id}`;

export function recorder(journal: Journal, now: () => number): Recorder {
  const time = (): string => new Date(now()).toISOString();
  return {
    looked(person, { requestId, action, role, detail, results, about = {} }) {
      return journal.append({
        clear: lookedBody({
          time: time(),
          requestId,
          action,
          role,
          ...present({ authority: person.authority, detail, results }),
        }),
        subject: { subject: subjectOf(person), json: JSON.stringify({ name: person.name, ...about }) },
      });
    },
    did(person, { action, role, target, detail, about = {}, subject = subjectOf(person) }) {
      return journal.append({
        clear: administrationBody({
          time: time(),
          action,
          by: role,
          target,
          ...present({ detail }),
        }),
        subject: { subject, json: JSON.stringify({ name: person.name, ...about }) },
      });
    },
    async refused(person, what) {
      const { authority, roles } = person;
      await journal.append({
        clear: refusedBody({ ...what, ...present({ authority }), roles }),
        subject: { subject: subjectOf(person), json: JSON.stringify({ name: person.name }) },
      });
    },
    async signedIn(person, outcome, reason) {
      await journal.append({
        clear: signedInBody({
          time: time(),
          outcome,
          roles: person?.roles ?? [],
          ...(person?.authority === undefined ? {} : { authority: person.authority }),
          ...present({ reason }),
        }),
        ...(person === undefined
          ? {}
          : { subject: { subject: subjectOf(person), json: JSON.stringify({ name: person.name }) } }),
      });
    },
  };
}

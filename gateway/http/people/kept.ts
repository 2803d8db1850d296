/**
 * What somebody wrote in a form that could not be taken: the session was over, a field was wrong, the language was
 * changed. It is kept for half an hour, sealed under a token that only that browser has, and opened for the person
 * whose page the form stood on and for nobody else, whoever signs in there.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type ErrorCode, type FormFaults, YitongError } from '../../../contracts/errors.js';
import type { Person } from '../../ground/identity/person.js';
import { KEPT_FOR, type KeptMap, type StoredForm } from './kept-map.js';
import { hideSubject, type Session, shownSubject } from './sessions.js';
import { sealed, unsealed } from './under-token.js';

/** The page on which a form stood, so that it can be found again by another session of the same person. */
export interface FormPlace {
  readonly person: string;
  /** `/console/history` */
  readonly path: string;
  /** The address's parameters; `hidden`: what stood there under a name of the session, in clear. */
  readonly query: readonly { readonly name: string; readonly value: string; readonly hidden: boolean }[];
}

export type FormFields = Readonly<Record<string, string | readonly string[]>>;

export interface KeptForm {
  /** Which form of the page. */
  readonly form: string;
  readonly fields: FormFields;
  /** Why it was not taken; absent where nothing was wrong with it. */
  readonly why?: ErrorCode;
  readonly faults?: FormFaults;
}

export interface KeptForms {
  /** Before pages with forms are made or taken. @throws YitongError `state_unavailable` */
  ready(): Promise<void>;
  /** What stands in each form of a page. @param url path and query of the page */
  sealPlace(session: Session, url: string): string;
  /** Undefined for what is not ours, or older than a day. */
  openPlace(sealed: string): FormPlace | undefined;
  /**
   * Keeps a form; of more than are kept at once the oldest goes.
   * @param token of the browser, where it has one
   */
  keep(
    token: string | undefined,
    place: FormPlace,
    kept: KeptForm,
  ): Promise<{ readonly token: string; readonly id: string }>;
  /** Undefined where there is none, it is over, or it is another person's. */
  find(
    token: string | undefined,
    id: string,
    person: Pick<Person, 'id'>,
  ): Promise<{ readonly place: FormPlace; readonly kept: KeptForm } | undefined>;
  close(): Promise<void>;
}

const PLACE_FOR = 24 * 3_600_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const ID = /^[A-Za-z0-9_-]{16}$/;

/** The address of the page, with whatever it names hidden as this session hides it. */
export function addressOf(
  { path, query }: FormPlace,
  session: Session,
  more: Readonly<Record<string, string>> = {},
): string {
  const all = new URLSearchParams(
    query.map(({ name, value, hidden }): [string, string] => [name, hidden ? hideSubject(session, value) : value]),
  );
  for (const [name, value] of Object.entries(more)) all.set(name, value);
  const text = all.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function openKeptForms(map: KeptMap, now: () => number): KeptForms {
  let placeKey = map.keyHere;
  const nameOf = (token: string, id: string): string =>
    createHash('sha256').update(`${token}.${id}`).digest('base64url');
  // another person's id makes another key
  const keyOf = (token: string, id: string, person: string): Buffer =>
    createHmac('sha256', Buffer.from(token, 'base64url'))
      .update(JSON.stringify(['kept form', id, person]))
      .digest();
  const over = ({ at }: StoredForm): boolean => now() - at > KEPT_FOR;

  return {
    async ready() {
      placeKey ??= await map.key();
    },
    sealPlace({ key, person, ...session }, url) {
      const { pathname, searchParams } = new URL(url, 'https://here');
      const query = [...searchParams]
        .filter(([name]) => name !== 'kept' && name !== 'lang')
        .map(([name, value]) => {
          const shown = shownSubject({ key, person, ...session }, value);
          return { name, value: shown ?? value, hidden: shown !== undefined };
        });
      if (placeKey === undefined) throw new YitongError('internal', 'forms have no key so far');
      return sealed(placeKey, { at: now(), person: person.id, path: pathname, query });
    },
    openPlace(text) {
      if (placeKey === undefined) return undefined;
      const found = unsealed(placeKey, text) as (FormPlace & { readonly at: number }) | undefined;
      if (found === undefined || now() - found.at > PLACE_FOR) return undefined;
      const { at: _, ...place } = found;
      return place;
    },
    async keep(given, place, kept) {
      const token = given !== undefined && TOKEN.test(given) ? given : randomBytes(32).toString('base64url');
      const id = randomBytes(12).toString('base64url');
      const enc = sealed(keyOf(token, id, place.person), { place, kept });
      await map.put(nameOf(token, id), place.person, { at: now(), enc });
      return { token, id };
    },
    async find(token, id, person) {
      if (token === undefined || !TOKEN.test(token) || !ID.test(id)) return undefined;
      const stored = await map.get(nameOf(token, id));
      if (stored === undefined || over(stored)) return undefined;
      const found = unsealed(keyOf(token, id, person.id), stored.enc) as
        | { readonly place: FormPlace; readonly kept: KeptForm }
        | undefined;
      return found?.place.person === person.id ? found : undefined;
    },
    close: () => map.close(),
  };
}

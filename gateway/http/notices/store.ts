/**
 * What people are told of, in the state that all replicas share: who wants to be told of what and where, sealed under
 * the person's own key; the notices; and what still has to leave. A notice holds a kind, the id of a matter and the
 * days that are left: no name, no subject, no words of the matter.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { present } from '../../../contracts/present.js';
import type { Person } from '../../ground/identity/person.js';
import type { Language } from '../../ground/language/language.js';
import { asJson } from '../../ground/state/as-json.js';
import type { Change, State, StateDocument } from '../../ground/state/port.js';
import { transact } from '../../ground/state/transact.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

export const CHANNELS = ['page', 'mail', 'hook'] as const;
export type Channel = (typeof CHANNELS)[number];
/** Beside the rooms, each of which is a kind: a term is about to end. */
export const DUE = 'due';

interface MailPlace {
  readonly address: string;
  readonly confirmed: boolean;
  /** What was sent there, to be given back. */
  readonly code?: string;
  /** ms since 1970 */
  readonly askedAt: number;
  readonly tries: number;
}

export interface Profile {
  readonly person: Person;
  readonly language: Language;
  /** What somebody chose otherwise than it is by default. */
  readonly switches: Readonly<Record<string, Readonly<Partial<Record<Channel, boolean>>>>>;
  readonly mail?: MailPlace;
  /** ms since 1970 */
  readonly seenAt: number;
}

/** The page tells of all; e-mail and webhook are quiet until somebody wants them. */
export const wants = (profile: Pick<Profile, 'switches' | 'mail'>, kind: string, channel: Channel): boolean =>
  (profile.switches[kind]?.[channel] ?? channel === 'page') && (channel !== 'mail' || profile.mail?.confirmed === true);

export interface Notice {
  readonly id: string;
  readonly room: string;
  /** It is there, or its term is about to end. */
  readonly kind: 'new' | typeof DUE;
  /** Of the matter, behind the sign-in. */
  readonly item: string;
  readonly href: string;
  /** Working days. */
  readonly left?: number;
  /** ms since 1970 */
  readonly at: number;
  readonly read: boolean;
}

/** One delivery to one person. */
export interface Outgoing {
  readonly channel: Exclude<Channel, 'page'>;
  readonly ref: string;
  /** Empty: the code that confirms an address. */
  readonly notices: readonly Pick<Notice, 'id' | 'room' | 'kind' | 'left'>[];
  /** ms since 1970 */
  readonly since: number;
  readonly next: number;
  readonly tries: number;
}

const PERSON = 'notice-person';
const NOTICE = 'notice';
const TOLD = 'notice-told';
const OUT = 'notice-out';
const VISIT = 'notice-visit';
const PASS = 'notice-pass';
export const LEASE = 'notices';
const EVERYBODY = 'everybody/';
const DAY = 86_400_000;
/** Whoever does not come for so long is told of nothing: roles are known from the last sign-in. */
const KNOWN_FOR = 30 * DAY;
const KEPT_FOR = 90 * DAY;
const SEEN_EVERY = 3_600_000;
const CODE_FOR = 3_600_000;
const CODE_TRIES = 10;
const CODE_AGAIN = 60_000;
const SHOWN = 100;
const PAGE = 100;

const pad = (at: number): string => String(Math.max(0, Math.floor(at))).padStart(15, '0');
const ofPerson = (ref: string): string => `of/${ref}/`;
const unread = (ref: string): string => `unread/${ref}/`;
const DUE_OUT = 'next/';

/** How many things of a room were told: 1, that it is there; 2, that its term is about to end as well. */
export type ToldItems = Readonly<Record<string, 1 | 2>>;
export interface Told {
  readonly version: number;
  readonly items: ToldItems;
}
/** What waited, by room. */
export type Seen = Readonly<Record<string, { readonly count: number; readonly ids: readonly string[] }>>;
export interface Visit {
  /** `YYYY-MM-DD` in Shanghai. */
  readonly day: string;
  readonly seen: Seen;
}
interface Sealed {
  readonly pseudonym: string;
  readonly enc: string;
}
export interface Known {
  readonly ref: string;
  readonly profile: Profile;
}
export interface Waits {
  readonly outgoing: Outgoing;
  readonly id: string;
  readonly version: number;
}

export const outgoingChange = (outgoing: Outgoing, id = `${outgoing.channel}/${outgoing.ref}/${pad(outgoing.since)}`) =>
  ({
    do: 'put',
    kind: OUT,
    id,
    links: [`${DUE_OUT}${pad(outgoing.next)}`],
    until: outgoing.since + KNOWN_FOR,
    body: asJson(outgoing),
  }) satisfies Change;

export const goneChange = ({ id, version }: Waits): Change => ({ do: 'remove', kind: OUT, id, version });

export const toldChange = (ref: string, room: string, { version, items }: Told): Change => ({
  do: 'put',
  kind: TOLD,
  id: `${ref}/${room}`,
  version,
  body: items,
});

export function noticeChange(ref: string, { id, read, ...notice }: Notice): Change {
  return {
    do: 'put',
    kind: NOTICE,
    id: `${ref}/${id}`,
    links: [`${ofPerson(ref)}${pad(notice.at)}`, ...(read ? [] : [`${unread(ref)}${pad(notice.at)}`])],
    until: notice.at + KEPT_FOR,
    body: asJson(notice),
  };
}

export const newNoticeId = (): string => randomBytes(8).toString('hex');

export class NoticeStore {
  readonly state: State;
  readonly #keys: SealingKeys;
  readonly #now: () => number;

  constructor(state: State, keys: SealingKeys, now: () => number) {
    this.state = state;
    this.#keys = keys;
    this.#now = now;
  }

  /** Under which somebody stands here; meaningless elsewhere. */
  ref({ id }: Pick<Person, 'id'>): string {
    return this.#keys.reference('actor', `notices\0${id}`);
  }

  /** Under the person's own key. */
  async sealed(person: Pick<Person, 'id'>, value: object): Promise<Sealed> {
    const secret = await this.#keys.secretOf(`person:${person.id}`);
    const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(value)));
    return { pseudonym: secret.pseudonym, enc };
  }

  /** Undefined where that key was destroyed. */
  async opened<T>(found: Pick<StateDocument, 'body'> | undefined): Promise<T | undefined> {
    if (found === undefined) return undefined;
    const { pseudonym, enc } = found.body as unknown as Sealed;
    const secret = await this.#keys.byPseudonym(pseudonym);
    return secret === undefined ? undefined : unseal<T>(secret, enc);
  }

  async profile(person: Pick<Person, 'id'>): Promise<Profile | undefined> {
    return this.byRef(this.ref(person));
  }

  async byRef(ref: string): Promise<Profile | undefined> {
    return this.opened<Profile>(await this.state.document(PERSON, ref));
  }

  /** Who has signed in, as the sign-in says; written once an hour where nothing is new. */
  async seen(person: Person, language: Language): Promise<void> {
    const known = await this.profile(person);
    const same = (one: Profile): boolean =>
      one.language === language && JSON.stringify(one.person) === JSON.stringify(person);
    if (known !== undefined && same(known) && this.#now() - known.seenAt < SEEN_EVERY) return;
    await this.change(person, language, (profile) => profile);
  }

  /** @param change may be asked again; what it gives is kept with its roles as they are now */
  async change(person: Person, language: Language, change: (profile: Profile) => Profile): Promise<Profile> {
    const ref = this.ref(person);
    const { result } = await transact(this.state, async (transaction) => {
      const seenAt = this.#now();
      const before = (await this.opened<Profile>(await transaction.document(PERSON, ref))) ?? { switches: {} };
      const profile = change({ ...before, person, language, seenAt });
      const body = asJson(await this.sealed(person, profile));
      transaction.put({
        kind: PERSON,
        id: ref,
        owner: ref,
        links: [`${EVERYBODY}${ref}`],
        until: seenAt + KNOWN_FOR,
        body,
      });
      return profile;
    });
    return result;
  }

  /**
   * Sends a code to an address; until it is given back nothing else goes there.
   * @returns whether one was sent: not twice within a minute
   */
  async askMail(person: Person, language: Language, address: string): Promise<boolean> {
    const at = this.#now();
    const before = (await this.profile(person))?.mail;
    if (before !== undefined && at - before.askedAt < CODE_AGAIN) return false;
    const code = String(randomInt(100_000_000)).padStart(8, '0');
    await this.change(person, language, (profile) => ({
      ...profile,
      mail: { address, confirmed: false, code, askedAt: at, tries: 0 },
    }));
    const ref = this.ref(person);
    await this.state.commit([outgoingChange({ channel: 'mail', ref, notices: [], since: at, next: at, tries: 0 })]);
    return true;
  }

  /** @returns whether it is the code that was sent there, within an hour and ten tries */
  async confirmMail(person: Person, language: Language, given: string): Promise<boolean> {
    const { mail } = await this.change(person, language, (profile) => {
      const { mail } = profile;
      if (mail === undefined || mail.confirmed || mail.code === undefined) return profile;
      const { code, ...rest } = mail;
      const fits = code === given && mail.tries < CODE_TRIES && this.#now() - mail.askedAt <= CODE_FOR;
      return { ...profile, mail: fits ? { ...rest, confirmed: true } : { ...mail, tries: mail.tries + 1 } };
    });
    return mail?.confirmed === true;
  }

  async forgetMail(person: Person, language: Language): Promise<void> {
    await this.change(person, language, ({ mail: _, ...profile }) => profile);
  }

  /** Everybody who has come within 30 days; those whose key was destroyed are left out. */
  async *people(): AsyncGenerator<Known> {
    for (let after: string | undefined; ; ) {
      const page = await this.state.documents(PERSON, { link: EVERYBODY, limit: PAGE, ...present({ after }) });
      for (const found of page.documents) {
        const profile = await this.opened<Profile>(found);
        if (profile !== undefined) yield { ref: found.id, profile };
      }
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  async told(ref: string, room: string): Promise<Told> {
    const found = await this.state.document(TOLD, `${ref}/${room}`);
    return { version: found?.version ?? 0, items: (found?.body as ToldItems | undefined) ?? {} };
  }

  /** The newest first. */
  async list(person: Pick<Person, 'id'>): Promise<readonly Notice[]> {
    const link = ofPerson(this.ref(person));
    const { documents } = await this.state.documents(NOTICE, { link, descending: true, limit: SHOWN });
    return documents.map(noticeOf);
  }

  /** At most 100. */
  async unread(person: Pick<Person, 'id'>): Promise<number> {
    const { documents } = await this.state.documents(NOTICE, { link: unread(this.ref(person)), limit: SHOWN });
    return documents.length;
  }

  /** Marks one as read. @returns undefined where it is not this person's */
  async read(person: Pick<Person, 'id'>, id: string): Promise<Notice | undefined> {
    const ref = this.ref(person);
    const { result } = await transact(this.state, async (transaction) => {
      const found = await transaction.document(NOTICE, `${ref}/${id}`);
      if (found === undefined) return undefined;
      const notice = noticeOf({ ...found, id: `${ref}/${id}` });
      const { links: _, ...change } = noticeChange(ref, { ...notice, read: true }) as Extract<Change, { do: 'put' }>;
      if (!notice.read)
        transaction.put({
          ...present({ until: change.until }),
          kind: NOTICE,
          id: change.id,
          links: [`${ofPerson(ref)}${pad(notice.at)}`],
          body: change.body,
        });
      return notice;
    });
    return result;
  }

  async readAll(person: Pick<Person, 'id'>): Promise<void> {
    const { documents } = await this.state.documents(NOTICE, { link: unread(this.ref(person)), limit: SHOWN });
    for (const found of documents) await this.read(person, noticeOf(found).id);
  }

  /**
   * What waited when somebody was here last on another day than today, and that it waits so now.
   * @param day of today
   */
  async visit(person: Pick<Person, 'id'>, day: string, now: Seen): Promise<Visit | undefined> {
    const ref = this.ref(person);
    const { result } = await transact(this.state, async (transaction) => {
      const found = (await transaction.document(VISIT, ref))?.body as (Visit & { readonly before?: Visit }) | undefined;
      const before = found === undefined || found.day === day ? found?.before : { day: found.day, seen: found.seen };
      const body = asJson({ day, seen: now, ...present({ before }) });
      if (JSON.stringify(found) !== JSON.stringify(body))
        transaction.put({ kind: VISIT, id: ref, owner: ref, until: this.#now() + KEPT_FOR, body });
      return before;
    });
    return result;
  }

  /** What is to leave by now, the oldest first. */
  async outgoing(now: number, limit: number): Promise<readonly Waits[]> {
    const { documents } = await this.state.documents(OUT, { link: DUE_OUT, limit });
    return documents
      .map(({ id, version, body }): Waits => ({ id, version, outgoing: body as unknown as Outgoing }))
      .filter(({ outgoing }) => outgoing.next <= now);
  }

  async passed(at: number, token: number): Promise<void> {
    await this.state.commit([
      { do: 'expect-lease', lease: LEASE, token },
      { do: 'put', kind: PASS, id: PASS, body: { at } },
    ]);
  }
}

function noticeOf({ id, links, body }: Pick<StateDocument, 'id' | 'links' | 'body'>): Notice {
  const [, own = ''] = id.split('/');
  const read = !links.some((link) => link.startsWith('unread/'));
  return { ...(body as unknown as Omit<Notice, 'id' | 'read'>), id: own, read };
}

export interface NoticesStanding {
  /** ms since 1970: when a worker last went through everybody; undefined where none ever did. */
  readonly passedAt: number | undefined;
  /** Whether there is anybody. */
  readonly anybody: boolean;
  /** By channel, ms since 1970: since when the oldest waits. */
  readonly oldest: Readonly<Partial<Record<Outgoing['channel'], number>>>;
}

/** For whoever watches from outside. @throws YitongError `state_unavailable` */
export async function noticesStanding(state: Pick<State, 'documents' | 'document'>): Promise<NoticesStanding> {
  const pass = (await state.document(PASS, PASS))?.body as { readonly at: number } | undefined;
  const everybody = await state.documents(PERSON, { link: EVERYBODY, limit: 1 });
  const oldest: Partial<Record<Outgoing['channel'], number>> = {};
  for (let after: string | undefined; ; ) {
    const page = await state.documents(OUT, { link: DUE_OUT, limit: 1000, ...present({ after }) });
    for (const { body } of page.documents) {
      const { channel, since } = body as unknown as Outgoing;
      oldest[channel] = Math.min(oldest[channel] ?? Infinity, since);
    }
    if (page.next === undefined) break;
    after = page.next;
  }
  return { passedAt: pass?.at, anybody: everybody.documents.length > 0, oldest };
}

/**
 * Where cases stand, on the State port: a stream of events a case, a document of its state with links by which it is
 * found, a document a message. An event, the state, the messages and what is published stand in one commit.
 */
import { type Change, type DocumentsPage, type Json, type State, StateConflict } from '../../ground/state/port.js';
import { commitTried } from '../../ground/state/transact.js';
import type { ActName, CaseEvent, CaseState } from './machine.js';

const CASE = 'case';
const MESSAGE = 'case-message';
const streamOf = (id: string): string => `case/${id}`;

/** An event as it is stored: what people wrote stands sealed in `enc`. */
export interface StoredEvent {
  readonly event: CaseEvent;
  /** Of its entry in the log. */
  readonly entry: string;
  /** The caller's own, so that an act that is sent again is done once. */
  readonly key?: string;
  readonly pseudonym: string;
  readonly enc: string;
}

export interface StoredCase {
  readonly id: string;
  readonly version: number;
  readonly state: CaseState;
  /** Reference to who applies. */
  readonly subject: string;
  /** Through which client. */
  readonly client: string;
  readonly pseudonym: string;
}

export interface CaseMessage {
  readonly case: string;
  readonly bundle: string;
  /** Number of the event, from 1. */
  readonly event: number;
  readonly at: number;
  readonly act: ActName;
  readonly item?: string;
  readonly task?: string;
  readonly phase: CaseState['phase'];
}

interface CommitCase {
  readonly stored: Omit<StoredCase, 'version'> & { readonly version: number };
  readonly event: StoredEvent;
  readonly links: readonly string[];
  readonly message?: CaseMessage;
  /** What is kept beside the case: what waits for whom, and what is counted. */
  readonly beside: readonly Change[];
  readonly sends: readonly Extract<Change, { do: 'send' }>[];
}

const pad = (at: number): string => String(at).padStart(15, '0');
/** As they are made: `Cases.open`. */
const CASE_ID = /^[0-9a-f]{16}$/;

export class CaseStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  async find(id: string): Promise<StoredCase | undefined> {
    // whatever somebody wrote into an address
    if (!CASE_ID.test(id)) return undefined;
    const found = await this.#state.document(CASE, id);
    if (found === undefined) return undefined;
    return { id, version: found.version, ...(found.body as unknown as Omit<StoredCase, 'id' | 'version'>) };
  }

  async events(id: string, after = 0): Promise<readonly (StoredEvent & { readonly number: number })[]> {
    const found: (StoredEvent & { readonly number: number })[] = [];
    for (let from = after; ; ) {
      const page = await this.#state.events(streamOf(id), from);
      found.push(...page.map(({ number, body }) => ({ number, ...(body as unknown as StoredEvent) })));
      if (page.length === 0) return found;
      from = page.at(-1)?.number ?? from;
    }
  }

  async list(
    link: string,
    page: { readonly after?: string; readonly limit: number; readonly descending: boolean },
  ): Promise<{ readonly cases: readonly StoredCase[]; readonly next?: string }> {
    const { documents, next }: DocumentsPage = await this.#state.documents(CASE, { link, ...page });
    const cases = documents.map(({ id, version, body }) => ({
      id,
      version,
      ...(body as unknown as Omit<StoredCase, 'id' | 'version'>),
    }));
    return { cases, ...(next === undefined ? {} : { next }) };
  }

  /** Newest first. */
  async messages(subject: string, limit: number): Promise<readonly CaseMessage[]> {
    const { documents } = await this.#state.documents(MESSAGE, { link: `${subject}/`, limit, descending: true });
    return documents.map(({ body }) => body as unknown as CaseMessage);
  }

  /** @returns false where somebody else was first */
  async commit({ stored, event, links, message, beside, sends }: CommitCase, commitId: string): Promise<boolean> {
    const { id, version, ...body } = stored;
    const json = (value: unknown): Json => value as Json;
    const changes: Change[] = [
      { do: 'append', stream: streamOf(id), after: stored.state.events - 1, events: [json(event)] },
      { do: 'put', kind: CASE, id, version, owner: stored.subject, links, body: json(body) },
      ...(message === undefined
        ? []
        : [
            {
              do: 'put' as const,
              kind: MESSAGE,
              id: `${id}/${pad(message.event)}`,
              version: 0,
              owner: stored.subject,
              links: [`${stored.subject}/${pad(message.at)}/${id}/${pad(message.event)}`],
              body: json(message),
            },
          ]),
      ...beside,
      ...sends,
    ];
    try {
      await commitTried(this.#state, changes, commitId);
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }
}

/** Cases on which nothing is left to do, by when something happened last. */
export const ENDED = 'ended/';

/** Takes a case away with all that stands beside it, unless somebody acts on it meanwhile. */
export function changesWithout({ id, version, state }: StoredCase): readonly Change[] {
  const messages = Array.from(
    { length: state.events },
    (_, at): Change => ({
      do: 'remove',
      kind: MESSAGE,
      id: `${id}/${pad(at + 1)}`,
    }),
  );
  return [{ do: 'remove', kind: CASE, id, version }, { do: 'drop', stream: streamOf(id) }, ...messages];
}

/** By which a case is found. */
export const links = {
  ofSubject: (subject: string): string => `subject/${subject}/`,
  /** With the term that runs out first in front. */
  todo: (authority: string): string => `todo/${authority}/`,
  open: (authority: string): string => `open/${authority}/`,
  closed: (authority: string): string => `closed/${authority}/`,
  at: (prefix: string, at: number): string => `${prefix}${pad(at)}`,
};

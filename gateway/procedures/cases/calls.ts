/**
 * Calls for a person: whoever fills in a draft hands it to the department that leads, with what was said so far; an
 * officer there answers in words. A draft is nobody's but the applicant's: of it the department sees what was handed
 * over, as of that moment, and nothing that comes after. One call a case; it goes by itself after a while.
 */
import { randomBytes } from 'node:crypto';
import type { Answers, Json } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type State, StateConflict, type StateDocument, type Json as StoredJson } from '../../ground/state/port.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

const KIND = 'case-call';
/** ms for which a call is kept. */
const KEPT = 90 * 86_400_000;
const MOST_OPEN = 200;

/** What was handed over; sealed under the key of who applies. */
interface Said {
  readonly subject: string;
  /** What help is wanted with. */
  readonly says: string;
  readonly answers: Answers;
  readonly values: Readonly<Record<string, Json>>;
  readonly reply?: string;
}

interface Kept {
  readonly bundle: string;
  readonly authority: string;
  /** ms since 1970 */
  readonly at: number;
  readonly answeredAt?: number;
  readonly pseudonym: string;
  readonly enc: string;
}

export interface Call extends Said {
  /** Of the case. */
  readonly id: string;
  readonly bundle: string;
  readonly authority: string;
  /** ms since 1970 */
  readonly at: number;
  readonly answeredAt?: number;
  /** Of the stored call: answered only as it was seen. */
  readonly version: number;
}

const linkOf = (authority: string): string => `open/${authority}/`;

async function opened({ keys }: Ground, { id, version, body }: StateDocument): Promise<Call | undefined> {
  const { pseudonym, enc, ...kept } = body as unknown as Kept;
  const secret = await keys.byPseudonym(pseudonym);
  return secret === undefined ? undefined : { ...unseal<Said>(secret, enc), ...kept, id, version };
}

interface Ground {
  readonly state: State;
  readonly keys: SealingKeys;
}

/** Undefined where nobody was called, or the subject was erased. */
export async function callOf(ground: Ground, id: string): Promise<Call | undefined> {
  const found = await ground.state.document(KIND, id);
  return found === undefined ? undefined : opened(ground, found);
}

/** Those that wait for the authority, the oldest first. */
export async function openCalls(ground: Ground, authority: string): Promise<readonly Call[]> {
  const { documents } = await ground.state.documents(KIND, { link: linkOf(authority), limit: MOST_OPEN });
  const all = await Promise.all(documents.map((one) => opened(ground, one)));
  return all.filter((one): one is Call => one !== undefined);
}

/** By authority, since when the oldest call waits that somebody can still answer. */
export async function callsWaiting({ state, keys }: Ground): Promise<ReadonlyMap<string, number>> {
  const waiting = new Map<string, number>();
  for (let after: string | undefined; ; ) {
    const page = await state.documents(KIND, { link: 'open/', limit: MOST_OPEN, ...present({ after }) });
    for (const { body } of page.documents) {
      const { authority, at, pseudonym } = body as unknown as Kept;
      // of one that was erased nobody can read what was asked
      if ((await keys.byPseudonym(pseudonym)) === undefined) continue;
      waiting.set(authority, Math.min(at, waiting.get(authority) ?? Infinity));
    }
    if (page.next === undefined) return waiting;
    after = page.next;
  }
}

/** @throws YitongError `ticket_moved` where somebody was faster */
async function keep({ state, keys }: Ground, call: Omit<Call, 'version'>, version?: number): Promise<void> {
  const { id, bundle, authority, at, answeredAt, ...said } = call;
  const secret = await keys.secretOf(said.subject);
  const body = {
    bundle,
    authority,
    at,
    ...(answeredAt === undefined ? {} : { answeredAt }),
    pseudonym: secret.pseudonym,
    enc: seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(said))),
  };
  try {
    await state.commit([
      {
        do: 'put',
        kind: KIND,
        id,
        owner: keys.reference('subject', said.subject),
        until: (answeredAt ?? at) + KEPT,
        links: answeredAt === undefined ? [`${linkOf(authority)}${String(at).padStart(15, '0')}`] : [],
        body: body as unknown as StoredJson,
        ...(version === undefined ? {} : { version }),
      },
    ]);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
    throw new YitongError('ticket_moved', 'somebody answered it since it was looked at; look at it again');
  }
}

export const keepCall = (ground: Ground, call: Omit<Call, 'version' | 'answeredAt' | 'reply'>): Promise<void> =>
  keep(ground, call);

export function keepReply(ground: Ground, { version, ...call }: Call, reply: string, now: number): Promise<void> {
  return keep(ground, { ...call, reply, answeredAt: now }, version);
}

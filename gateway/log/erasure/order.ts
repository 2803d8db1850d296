/** Ordering the erasure of a subject: one durable entry. The sequencer carries it out, see carry-out.ts. */
import { YitongError } from '../../../contracts/errors.js';
import { administrationBody } from '../entries/events.js';
import type { SubjectKeys } from '../entries/keys.js';
import type { Journal, Receipt } from '../entries/port.js';
import { readErasures } from './carry-out.js';

export interface ErasureOrder {
  /** As it was asked about: `<scheme>:<key>`. */
  readonly subject: string;
  /** Goes on record in clear. */
  readonly reason: string;
  readonly legalBasis: string;
  /** Role or service that orders it. */
  readonly by: string;
}

interface OrderedErasure {
  readonly pseudonym: string;
  /** Of the entry that orders it. */
  readonly receipt: Receipt;
}

const MAX_TEXT = 500;

/**
 * Of an order that cannot be meant, or would itself keep the subject on record.
 * @throws YitongError `bad_subject`; `bad_request` if a text is empty, too long, or names the subject
 */
export function refuseNaming({ subject, reason, legalBasis }: Omit<ErasureOrder, 'by'>): void {
  const key = /^[a-z][a-z0-9-]{0,30}:(\S.{0,200})$/u.exec(subject)?.[1];
  if (key === undefined) throw new YitongError('bad_subject', 'a subject is written `<scheme>:<key>`');
  for (const [name, text] of [
    ['reason', reason],
    ['legal basis', legalBasis],
  ] as const) {
    if (text.trim() === '' || text.length > MAX_TEXT)
      throw new YitongError('bad_request', `the ${name} must have 1 to ${MAX_TEXT} characters`);
    if (text.toLowerCase().includes(key.toLowerCase()))
      throw new YitongError(
        'bad_request',
        `the ${name} names the subject, and stays on record in clear; say it without`,
      );
  }
}

/**
 * Puts the order on record. From then on it is carried out, whatever crashes.
 * @returns undefined where nothing is on record under the subject, or all of it was erased before
 * @throws YitongError `bad_subject`, `bad_request` if a text is empty, too long, or names the subject;
 * `audit_unavailable`
 */
export async function orderErasure(
  {
    keys,
    journal,
    now,
  }: { readonly keys: SubjectKeys; readonly journal: Pick<Journal, 'append'>; readonly now: () => number },
  { subject, reason, legalBasis, by }: ErasureOrder,
): Promise<OrderedErasure | undefined> {
  refuseNaming({ subject, reason, legalBasis });
  keys.refresh();
  const secret = keys.get(subject);
  if (secret === undefined) return undefined;
  return orderErasureOf({ journal, now }, secret.pseudonym, { reason, legalBasis, by });
}

/** Why and by whose order; stands on record in clear. */
type ErasureCause = Pick<ErasureOrder, 'reason' | 'legalBasis' | 'by'>;

/** As `orderErasure`, of a pseudonym that is known. @throws YitongError `audit_unavailable` */
export async function orderErasureOf(
  { journal, now }: { readonly journal: Pick<Journal, 'append'>; readonly now: () => number },
  pseudonym: string,
  { reason, legalBasis, by }: ErasureCause,
): Promise<OrderedErasure> {
  const receipt = await journal.append({
    clear: administrationBody({
      time: new Date(now()).toISOString(),
      action: 'erasure',
      by,
      target: pseudonym,
      detail: { reason, legalBasis },
    }),
  });
  return { pseudonym, receipt };
}

/** Log index of the entry by which a pseudonym was erased, once nothing of it is left. */
export function erasedBy(dataDir: string, pseudonym: string): number | undefined {
  const { erased, looked, pending } = readErasures(dataDir);
  const by = erased[pseudonym];
  return by === undefined || looked <= by || pending[by] !== undefined ? undefined : by;
}

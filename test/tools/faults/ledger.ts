/**
 * What clients were told, noted as it came: each answer with its digest, each version that was shown, each push that
 * was acknowledged.
 */
import { createHash } from 'node:crypto';
import { type DatasetAnswer, type Receipt, receiptId } from '../../../gateway/client/index.js';
import { type Entry, keyOf } from './model.js';

export interface Answered {
  readonly requestId: string;
  /** `<journal>:<seq>` */
  readonly receipt: string;
  /** base64url of the SHA-256 over the answer without its receipt. */
  readonly digest: string;
}

export interface Shown {
  readonly dataset: string;
  readonly key: string;
  /** `<partition>:<offset>` */
  readonly version: string;
  readonly value: string;
}

export interface Acknowledged {
  readonly dataset: string;
  readonly key: string;
  readonly position: string;
}

/** The fields in one order, as both sides are compared. */
export const textOf = ({ uscc, number, state, amount, note }: Entry): string =>
  JSON.stringify([uscc, number, state, amount, note]);

interface AnswerBody {
  readonly requestId: string;
  readonly datasets: readonly DatasetAnswer[];
  readonly receipt: Receipt;
}

/** The released record of an answer; a field that is null may be left out. */
const entryOf = (record: Readonly<Record<string, unknown>>): Entry => ({
  uscc: String(record['uscc']),
  number: String(record['number']),
  state: String(record['state']),
  amount: Number(record['amount']),
  note: typeof record['note'] === 'string' ? record['note'] : null,
});

export class Ledger {
  readonly answers: Answered[] = [];
  readonly acknowledged: Acknowledged[] = [];
  /** Each once. */
  readonly shown = new Map<string, Shown>();
  /** What no client should ever have seen, in words. */
  readonly wrong: string[] = [];
  readonly #newest = new Map<string, number>();

  /**
   * Notes an answer to a query, allowed or denied.
   * @param who asks one question after another, so that what it is shown never gets older
   * @returns its records by dataset and key
   */
  answer(who: string, text: string): ReadonlyMap<string, Entry> {
    const at = text.lastIndexOf(',"receipt":');
    const body = JSON.parse(text) as AnswerBody;
    this.answers.push({
      requestId: body.requestId,
      receipt: receiptId(body.receipt),
      digest: createHash('sha256')
        .update(`${text.slice(0, at)}}`)
        .digest('base64url'),
    });
    const found = new Map<string, Entry>();
    for (const { id, records } of body.datasets) {
      for (const { record, provenance } of records ?? []) {
        const entry = entryOf(record);
        const key = keyOf(entry);
        found.set(`${id} ${key}`, entry);
        this.#show(who, { dataset: id, key, version: provenance.version, value: textOf(entry) });
      }
    }
    return found;
  }

  #show(who: string, shown: Shown): void {
    const { dataset, key, version, value } = shown;
    const name = `${dataset} ${key} ${version}`;
    const before = this.shown.get(name);
    if (before === undefined) this.shown.set(name, shown);
    else if (before.value !== value)
      this.wrong.push(`version ${version} of a record of \`${dataset}\` was shown with two values`);
    // all versions of one record are in one partition
    const offset = Number(version.slice(version.indexOf(':') + 1));
    const newest = this.#newest.get(`${who} ${dataset} ${key}`) ?? -1;
    if (offset < newest)
      this.wrong.push(`a record of \`${dataset}\` was shown at offset ${offset} after it had been shown at ${newest}`);
    else this.#newest.set(`${who} ${dataset} ${key}`, offset);
  }
}

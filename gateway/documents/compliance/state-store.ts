/** Compliance codes in the state that all replicas share. */
import { asJson } from '../../ground/state/as-json.js';
import { endDocuments, endLink } from '../../ground/state/ending.js';
import type { Change, State, StateDocument } from '../../ground/state/port.js';
import { type Transaction, transact } from '../../ground/state/transact.js';
import type { CodeRecord } from './machine.js';
import type { ReleaseRecord } from './release-record.js';
import { type CodeMaps, type CodeStore, endOf, MISSES_WITHIN, type Misses, SWEEP, SWEPT, swept } from './store.js';

/** Kinds of documents. */
export const CODE_KINDS = ['code', 'release', 'code-misses'] as const;
type Kind = (typeof CODE_KINDS)[number];
type Kept = CodeRecord | ReleaseRecord | Misses;

const linksOf = (kept: Kept): readonly string[] => [
  endLink('since' in kept ? kept.since + MISSES_WITHIN + 1 : endOf(kept)),
];

/** Thrown through the work where it reads what was not read from the store yet. */
class Unread {
  constructor(
    readonly kind: Kind,
    readonly id: string,
  ) {}
}

/** What one piece of work, which does not wait, reads and writes. */
class ReadMaps implements CodeMaps {
  readonly #read = new Map<string, Kept | undefined>();
  readonly #written = new Map<string, { readonly kind: Kind; readonly id: string; readonly kept: Kept }>();

  /** The work is run again for each thing that it reads first; only what its last run wrote is written. */
  async run<T>(work: (maps: CodeMaps) => T, transaction: Transaction): Promise<T> {
    for (;;) {
      try {
        const result = work(this);
        for (const { kind, id, kept } of this.#written.values())
          transaction.put({ kind, id, links: linksOf(kept), body: asJson(kept) });
        return result;
      } catch (error) {
        if (!(error instanceof Unread)) throw error;
        const found = await transaction.document(error.kind, error.id);
        this.#read.set(`${error.kind}\n${error.id}`, found?.body as Kept | undefined);
        this.#written.clear();
      }
    }
  }

  code(id: string): CodeRecord | undefined {
    return this.#get('code', id) as CodeRecord | undefined;
  }

  putCode(id: string, record: CodeRecord): void {
    this.#put('code', id, record);
  }

  release(id: string): ReleaseRecord | undefined {
    return this.#get('release', id) as ReleaseRecord | undefined;
  }

  putRelease(id: string, record: ReleaseRecord): void {
    this.#put('release', id, record);
  }

  misses(who: string): Misses | undefined {
    return this.#get('code-misses', who) as Misses | undefined;
  }

  putMisses(who: string, misses: Misses): void {
    this.#put('code-misses', who, misses);
  }

  #get(kind: Kind, id: string): Kept | undefined {
    const key = `${kind}\n${id}`;
    const written = this.#written.get(key);
    if (written !== undefined) return written.kept;
    if (!this.#read.has(key)) throw new Unread(kind, id);
    return this.#read.get(key);
  }

  #put(kind: Kind, id: string, kept: Kept): void {
    this.#written.set(`${kind}\n${id}`, { kind, id, kept });
  }
}

/** @param now where given, it is swept as it goes */
export function codesIn(state: State, now?: () => number): CodeStore {
  const sweptOf =
    (at: number) =>
    ({ kind, id, version, body }: StateDocument): readonly Change[] => {
      const record = body as unknown as CodeRecord | ReleaseRecord;
      const left = swept(record, at);
      if (left === undefined) return [{ do: 'remove', kind, id, version }];
      return left === record ? [] : [{ do: 'put', kind, id, version, links: linksOf(left), body: asJson(left) }];
    };
  const store: CodeStore = {
    async transaction(work) {
      const { result } = await transact(state, (transaction) => new ReadMaps().run(work, transaction));
      return result;
    },
    code: async (id) => (await state.document('code', id))?.body as CodeRecord | undefined,
    release: async (id) => (await state.document('release', id))?.body as ReleaseRecord | undefined,
    async sweep(at) {
      await endDocuments(state, 'code', at, sweptOf(at), SWEPT);
      await endDocuments(state, 'release', at, sweptOf(at), SWEPT);
      await endDocuments(state, 'code-misses', at, undefined, SWEPT);
    },
    async close() {
      clearInterval(timer);
      await sweeping;
    },
  };
  let sweeping: Promise<void> | undefined;
  // what could not be removed now is removed by a later sweep, and counts for nothing until then
  const sweep = (at: number): Promise<void> =>
    (sweeping ??= store
      .sweep(at)
      .catch(() => undefined)
      .finally(() => (sweeping = undefined)));
  const timer = now === undefined ? undefined : setInterval(() => void sweep(now()), SWEEP);
  timer?.unref();
  return store;
}

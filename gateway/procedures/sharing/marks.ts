/**
 * Records of which a correction is under way (政务数据共享条例 Art.26(2)), for whoever answers with them: looked up in memory,
 * brought up to date beside the questions.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StateSettings } from '../../ground/config/state.js';
import type { State } from '../../ground/state/port.js';
import { openCaseGround } from '../cases/opened.js';
import { aboutRecord } from './record-of.js';
import { links, MatterStore } from './store.js';

interface Surroundings {
  readonly settings: { readonly state: StateSettings };
  readonly dataDir: string;
  /** Undefined: that of the data folder, once there is one. */
  readonly state?: State;
  readonly now: () => number;
}

interface CorrectionMarks {
  marked(dataset: string, subject: string, recordId: string): boolean;
  /** Resolves when what is under way is known; at once where nothing ever was. */
  ready(): Promise<void>;
  /** ms since all that is under way was known; what was known before is shown meanwhile. */
  age(): number;
  close(): Promise<void>;
}

/** ms between two looks. */
const LOOKS = 500;
const MACHINE = 'correction';

type Ground = Awaited<ReturnType<typeof openCaseGround>>;

class FollowedMarks implements CorrectionMarks {
  readonly #around: Surroundings;
  readonly #timer: NodeJS.Timeout;
  #ground: Ground | undefined;
  #revision = -1;
  #marked: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #looking: Promise<void> | undefined;
  #knownAt = performance.now();

  constructor(around: Surroundings) {
    this.#around = around;
    // what cannot be read now is read later; what was known is shown meanwhile
    this.#timer = setInterval(() => void this.ready().catch(() => undefined), LOOKS);
    this.#timer.unref();
  }

  ready(): Promise<void> {
    return (this.#looking ??= this.#look()
      .then(() => void (this.#knownAt = performance.now()))
      .finally(() => (this.#looking = undefined)));
  }

  age(): number {
    return performance.now() - this.#knownAt;
  }

  async #look(): Promise<void> {
    const { state: shared, dataDir } = this.#around;
    if (this.#ground === undefined) {
      if (shared === undefined && !existsSync(join(dataDir, 'state'))) return;
      this.#ground = await openCaseGround(this.#around);
    }
    const { state } = this.#ground;
    const store = new MatterStore(state);
    // before they are read, so that what comes meanwhile is seen by the next look
    const revision = await state.revision();
    if (revision === this.#revision) return;
    if (!(await store.changedSince(this.#revision))) return void (this.#revision = revision);
    const marked = new Map<string, Set<string>>();
    for (let after: string | undefined; ; ) {
      const page = await store.list(links.ofMachine(MACHINE, false), {
        limit: 500,
        ...(after === undefined ? {} : { after }),
      });
      for (const { head } of page.matters) {
        const record = head.about.find((one) => one.startsWith('record/'));
        const dataset = head.about.find((one) => one.startsWith('dataset/'))?.slice('dataset/'.length);
        if (record === undefined || dataset === undefined) continue;
        marked.set(dataset, (marked.get(dataset) ?? new Set()).add(record));
      }
      if (page.next === undefined) break;
      after = page.next;
    }
    this.#marked = marked;
    this.#revision = revision;
  }

  marked(dataset: string, subject: string, recordId: string): boolean {
    const records = this.#marked.get(dataset);
    if (records === undefined || this.#ground === undefined) return false;
    return records.has(aboutRecord(this.#ground.keys, { dataset, subject, recordId }));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking?.catch(() => undefined);
    await this.#ground?.close();
    this.#ground = undefined;
  }
}

interface Shared {
  readonly marks: FollowedMarks;
  users: number;
}
const all = new WeakMap<object, Shared>();

/** Those of all services of a port; closed with the last of them. */
export function correctionMarksOf(context: Surroundings): CorrectionMarks {
  const shared = all.get(context) ?? { marks: new FollowedMarks(context), users: 0 };
  all.set(context, shared);
  shared.users++;
  const { marks } = shared;
  return {
    marked: (dataset, subject, recordId) => marks.marked(dataset, subject, recordId),
    ready: () => marks.ready(),
    age: () => marks.age(),
    close: async () => {
      if (--shared.users === 0) await marks.close();
    },
  };
}

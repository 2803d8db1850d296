/** A company, scanners and a log for tests of compliance codes. */

import { YitongError } from '../../../contracts/errors.js';
import { type Codes, type DomainAnswer, openCodes } from '../../../gateway/documents/compliance/codes.js';
import type { Question, Scanner } from '../../../gateway/documents/compliance/machine.js';
import type { CodeStore } from '../../../gateway/documents/compliance/store.js';
import type { Person } from '../../../gateway/ground/identity/person.js';
import type { EntryDraft } from '../../../gateway/log/entries/port.js';

export const COMPANY = 'uscc:91990101MAEXA0001X';
export const owner: Person = { id: 'https://id.test|owner', name: '林晓', roles: ['subject'], subjects: [COMPANY] };
export const stranger: Person = {
  id: 'https://id.test|other',
  name: '王强',
  roles: ['subject'],
  subjects: ['uscc:91990101MAEXA0002Y', COMPANY],
};
export const bank: Scanner = { kind: 'client', key: 'bank', name: '云州银行', authority: 'finance' };
export const page: Scanner = { kind: 'public', key: 'session-of-a-browser' };
export const inspector: Scanner = {
  kind: 'person',
  key: 'https://id.test|inspector',
  name: '赵督查',
  authority: 'samr',
};
export const question: Question = { report: 'credit', domains: ['food', 'fire'], from: '2024-11-26', to: '2026-11-26' };
export const says: readonly DomainAnswer[] = [
  { domain: 'fire', state: 'records', count: 2 },
  { domain: 'food', state: 'none', asOf: '2026-11-25T00:00:00.000Z' },
];

export interface CodesWorld {
  readonly clock: { now: number };
  /** Two workers of one replica. */
  readonly workers: readonly [Codes, Codes];
  /** What was made durable, in order. */
  readonly entries: {
    readonly body: Readonly<Record<string, unknown>>;
    readonly subject: string;
    readonly details: Readonly<Record<string, unknown>>;
  }[];
  readonly disk: { full: boolean };
  readonly computed: { readonly subject: string; readonly question: Question }[];
  says: readonly DomainAnswer[];
}

export function codesWorld(stores: readonly [CodeStore, CodeStore]): CodesWorld {
  const world: CodesWorld = {
    clock: { now: Date.UTC(2026, 10, 26, 2) },
    workers: [] as unknown as CodesWorld['workers'],
    entries: [],
    disk: { full: false },
    computed: [],
    says,
  };
  const worker = (store: CodeStore): Codes =>
    openCodes({
      store,
      now: () => world.clock.now,
      known: (report, domain) => report === 'credit' && ['food', 'fire', 'tax'].includes(domain),
      journal: {
        async append({ clear, subject }: EntryDraft) {
          await Promise.resolve();
          if (world.disk.full) throw new YitongError('audit_unavailable', 'the disk is full');
          world.entries.push({
            body: JSON.parse(clear) as Record<string, unknown>,
            subject: subject?.subject ?? '',
            details: JSON.parse(subject?.json ?? '{}') as Record<string, unknown>,
          });
          return { id: 'w1:1', json: '{}' };
        },
      },
      async answer(subject, asked) {
        await Promise.resolve();
        world.computed.push({ subject, question: asked });
        return { name: '云州某公司', domains: world.says };
      },
    });
  return Object.assign(world, { workers: [worker(stores[0]), worker(stores[1])] as const });
}

/** The error's code, or `ok`. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
    return 'ok';
  } catch (error) {
    if (error instanceof YitongError) return error.code;
    throw error;
  }
}

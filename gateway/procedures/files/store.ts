/**
 * Orders of files, on the State port: a document for each, one beside it for the subjects that it lists. The bytes of a
 * file stand in the data folder of the replica that made it. Who makes or ends one says so with the version that it
 * saw, so that no two make one and nothing comes back that was ended.
 */
import { randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { type State, StateConflict, type StateDocument } from '../../ground/state/port.js';
import { commitTried, transact } from '../../ground/state/transact.js';
import { openSubjects, type SealedSubjects, sealSubjects } from '../../log/entries/sealed-subjects.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import type { FileFormat } from './formats.js';

export interface AskedFile {
  readonly purpose: string;
  readonly dataset: string;
  readonly fields?: readonly string[];
  readonly format: FileFormat;
  /** Public key, PEM; absent: it is not encrypted for anybody. */
  readonly receiver?: string;
  /** Absent: all that the grant's rows allow. */
  readonly subjects?: readonly string[];
  /** The case that is stated, sealed under a secret of the installation. */
  readonly stated?: string;
}

/** `stopped`: it may not be given any more, with why; `failed`: it could not be made. */
type FileState = 'ordered' | 'making' | 'ready' | 'stopped' | 'failed';

/** Of one that is ready. */
interface MadeFile {
  /** Of the key of its bytes. */
  readonly salt: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Print of what was decided: as long as the same is decided it may be given. */
  readonly decided: string;
  /** ms since 1970 */
  readonly begunAt: number;
  readonly madeAt: number;
  readonly expiresAt: number;
}

interface Progress {
  readonly chunks: number;
  readonly subjects: number;
  readonly records: number;
}

export interface FileOrder extends Omit<AskedFile, 'subjects'> {
  readonly id: string;
  readonly client: string;
  /** Whether subjects are listed, and how many. */
  readonly listed?: number;
  readonly state: FileState;
  /** Why it stopped or failed: a reason of a decision, `changed`, `erased`, or an error code. */
  readonly reason?: string;
  /** ms since 1970 */
  readonly createdAt: number;
  /** When whoever makes it said so last; before, when it was ordered. */
  readonly beatAt: number;
  /** Data folder in which it is made, or stands; `name`: as people call that replica. */
  readonly replica: { readonly folder: string; readonly name: string };
  /** How often it was begun. */
  readonly attempt: number;
  /** Whether it ended so badly before that it is not begun once more. */
  readonly faults: number;
  readonly progress: Progress;
  /** Records of the dataset when it was begun: how many there may be at most. */
  readonly total?: number;
  readonly made?: MadeFile;
}

/** With the version that a change of it expects. */
export interface StoredOrder extends FileOrder {
  readonly version: number;
}

const KIND = 'file-order';
/** Those that it lists, beside it. */
const SUBJECTS = 'file-subjects';
const MOST_OPEN = 20;
const PAGE = 100;
/** ms for which an order is told of after it was made. */
const KEPT = 30 * 86_400_000;
const NOTHING: Progress = { chunks: 0, subjects: 0, records: 0 };

const idOf = ({ client, id }: Pick<FileOrder, 'client' | 'id'>): string => `${client}/${id}`;
const clientLink = (client: string): string => `client/${client}/`;
/** Of those that somebody has to make. */
const OPEN = 'open/';
/** Of those that have bytes. */
const READY = 'ready/';

const isOpen = ({ state }: Pick<FileOrder, 'state'>): boolean => state === 'ordered' || state === 'making';
const linksOf = (order: FileOrder): readonly string[] => [
  clientLink(order.client),
  ...(isOpen(order) ? [OPEN] : order.state === 'ready' ? [READY] : []),
];

function orderOf({ body, version }: StateDocument): StoredOrder {
  return { ...(body as unknown as FileOrder), version };
}

const putOf = (order: FileOrder) => ({
  kind: KIND,
  id: idOf(order),
  links: linksOf(order),
  until: order.createdAt + KEPT,
  body: asJson(order),
});

export class FileStore {
  readonly state: State;
  readonly #keys: SealingKeys;

  constructor(state: State, keys: SealingKeys) {
    this.state = state;
    this.#keys = keys;
  }

  /** @throws YitongError `too_many_orders` */
  async order(client: string, asked: AskedFile, replica: FileOrder['replica'], at: number): Promise<StoredOrder> {
    const { subjects, ...rest } = asked;
    const mine = await this.#in(clientLink(client));
    if (mine.filter(isOpen).length >= MOST_OPEN)
      throw new YitongError('too_many_orders', `a client has ${String(MOST_OPEN)} files being made at most`);
    const sealed = subjects === undefined ? undefined : await sealSubjects(this.#keys, subjects);
    const order: FileOrder = {
      ...rest,
      id: `file-${randomBytes(12).toString('hex')}`,
      client,
      ...present({ listed: subjects?.length }),
      state: 'ordered',
      createdAt: at,
      beatAt: at,
      replica,
      attempt: 0,
      faults: 0,
      progress: NOTHING,
    };
    await transact(this.state, (transaction) => {
      transaction.put(putOf(order));
      if (sealed !== undefined)
        transaction.put({ kind: SUBJECTS, id: idOf(order), until: at + KEPT, body: asJson(sealed) });
    });
    return (await this.find(client, order.id)) ?? { ...order, version: 0 };
  }

  async find(client: string, id: string): Promise<StoredOrder | undefined> {
    const found = await this.state.document(KIND, idOf({ client, id }));
    return found === undefined ? undefined : orderOf(found);
  }

  list(client: string): Promise<readonly StoredOrder[]> {
    return this.#in(clientLink(client));
  }

  /** Those that are to be made, whoever makes them; the oldest first. */
  async open(): Promise<readonly StoredOrder[]> {
    return (await this.#in(OPEN)).toSorted((a, b) => a.createdAt - b.createdAt);
  }

  ready(): Promise<readonly StoredOrder[]> {
    return this.#in(READY);
  }

  async #in(link: string): Promise<readonly StoredOrder[]> {
    const found: StoredOrder[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.state.documents(KIND, { link, limit: PAGE, ...present({ after }) });
      found.push(...page.documents.map(orderOf));
      if (page.next === undefined) return found;
      after = page.next;
    }
  }

  /** Those listed that were not erased. */
  async subjects(order: Pick<FileOrder, 'client' | 'id'>): Promise<readonly string[]> {
    const found = await this.state.document(SUBJECTS, idOf(order));
    return found === undefined ? [] : await openSubjects(this.#keys, found.body as unknown as SealedSubjects);
  }

  /** @returns undefined where it was changed since it was read: then nothing is */
  async change({ version, ...order }: StoredOrder, parts: Partial<FileOrder>): Promise<StoredOrder | undefined> {
    const next: FileOrder = { ...order, ...parts };
    try {
      await commitTried(this.state, [
        { do: 'put', ...putOf(next), version },
        // who was listed is not needed any more
        ...(isOpen(next) ? [] : [{ do: 'remove' as const, kind: SUBJECTS, id: idOf(order) }]),
      ]);
    } catch (error) {
      if (error instanceof StateConflict) return undefined;
      throw error;
    }
    return await this.find(order.client, order.id);
  }

  /** @returns whether there was one */
  async remove(client: string, id: string): Promise<boolean> {
    const document = idOf({ client, id });
    const { result } = await transact(this.state, async (transaction) => {
      if ((await transaction.document(KIND, document)) === undefined) return false;
      transaction.remove(KIND, document);
      transaction.remove(SUBJECTS, document);
      return true;
    });
    return result;
  }
}

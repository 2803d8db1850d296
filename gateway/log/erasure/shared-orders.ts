/**
 * Orders of erasures, in the state that all replicas share: one for each replica that ever kept keys of subjects, for
 * each has its own. What an order says of the subject is sealed so that only the data folder to which it goes opens it,
 * which has the key of the subject as well: neither the store nor a dump of it, nor another replica, names the subject
 * to anybody. It stands there until that replica has the order in its own journal; from then on it names a pseudonym.
 *
 * Phases of an order: `wanted` (with the subject sealed, or a pseudonym), `recorded` (it is an entry of a journal of
 * that replica), then `done`, which stays so that a folder that is put back from before is erased again; or gone, where
 * the replica had nothing of the subject.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { type Json, type State, StateConflict, type StateDocument } from '../../ground/state/port.js';
import { type Transaction, transact } from '../../ground/state/transact.js';
import { folderSecret } from '../entries/keys.js';
import { destroyingSharedKey } from '../entries/sealing-keys.js';
import { type ErasureOrder, refuseNaming } from './order.js';

const ORDER = 'erasure-order';
const ROSTER = 'erasing-replicas';
const ALL = 'all';
/** Documents of a page. */
const PAGE = 500;

/** What a data folder is known by, and how it opens what was sealed for it. */
export interface ErasingReplica {
  /** 32 hex digits; the same for one data folder, always. */
  readonly id: string;
  /** X25519, base64. */
  readonly publicKey: string;
  /** @throws Error where it was sealed for another, or is damaged */
  open(sealed: string): string;
}

/** A replica as the others know it. */
export interface KnownReplica {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly publicKey: string;
}

interface Common {
  /** The same for all replicas that it goes to. */
  readonly order: string;
  readonly replica: string;
  /** ms since 1970, when it was ordered. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  readonly legalBasis: string;
}

type Phase =
  | { readonly phase: 'wanted'; readonly sealed: string }
  | { readonly phase: 'wanted'; readonly pseudonym: string }
  | { readonly phase: 'recorded' | 'done'; readonly pseudonym: string; readonly receipt: string };

export type ReplicaOrder = Common & Phase;

export interface FoundOrder {
  readonly order: ReplicaOrder;
  readonly found: StateDocument;
}

/** DER before the 32 bytes of an X25519 key (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');
const NONCE = 12;
const TAG = 16;
const KEY = 32;
/** Every sealed subject is as long as any, in bytes: its length tells nothing. */
const LENGTH = 1024;

const publicOf = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC, bytes]), format: 'der', type: 'spki' });
const bytesOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC.length);

/** Of one message: the same on both sides. */
const messageKey = (shared: Buffer, from: Buffer, to: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', shared, Buffer.concat([from, to]), 'an order of an erasure', KEY));

/** @param publicKey of the replica that is to open it */
export function sealFor(publicKey: string, subject: string): string {
  const to = Buffer.from(publicKey, 'base64');
  const mine = generateKeyPairSync('x25519');
  const from = bytesOf(mine.publicKey);
  const key = messageKey(diffieHellman({ privateKey: mine.privateKey, publicKey: publicOf(to) }), from, to);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const text = Buffer.from(subject);
  const padded = Buffer.alloc(LENGTH);
  padded.writeUInt16BE(text.length);
  text.copy(padded, 2);
  const body = Buffer.concat([cipher.update(padded), cipher.final()]);
  return Buffer.concat([from, nonce, body, cipher.getAuthTag()]).toString('base64');
}

/** @param subjectKeys the folder of its subjects' keys, which has its secret */
export function erasingReplica(subjectKeys: string): ErasingReplica {
  const seed = folderSecret(subjectKeys, 'opening orders of erasures');
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: 'der', type: 'pkcs8' });
  const mine = bytesOf(createPublicKey(privateKey));
  return {
    id: createHash('sha256').update(mine).digest('hex').slice(0, 32),
    publicKey: mine.toString('base64'),
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      const from = bytes.subarray(0, KEY);
      const key = messageKey(diffieHellman({ privateKey, publicKey: publicOf(from) }), from, mine);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(KEY, KEY + NONCE));
      decipher.setAuthTag(bytes.subarray(-TAG));
      const padded = Buffer.concat([decipher.update(bytes.subarray(KEY + NONCE, -TAG)), decipher.final()]);
      return padded.subarray(2, 2 + padded.readUInt16BE()).toString('utf8');
    },
  };
}

type Roster = Readonly<Record<string, Omit<KnownReplica, 'id'>>>;

/**
 * One document: who orders an erasure reads it in the same commit, so that no replica that comes meanwhile is missed.
 */
const rosterIn = async (transaction: Transaction): Promise<Roster> =>
  ((await transaction.document(ROSTER, ALL))?.body ?? {}) as unknown as Roster;

/** Makes a data folder known, so that erasures reach it from now on; again it changes nothing. */
export async function registerReplica(
  state: State,
  { id, publicKey }: Pick<ErasingReplica, 'id' | 'publicKey'>,
  name: string,
): Promise<void> {
  await transact(state, async (transaction) => {
    const roster = await rosterIn(transaction);
    if (roster[id]?.name !== name || roster[id].publicKey !== publicKey)
      transaction.put({ kind: ROSTER, id: ALL, body: { ...roster, [id]: { name, publicKey } } });
  });
}

const replicasOf = (roster: Roster): readonly KnownReplica[] =>
  Object.entries(roster)
    .map(([id, known]) => ({ id, ...known }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

/** Those that erasures reach, by their names. */
export async function knownReplicas(state: State): Promise<readonly KnownReplica[]> {
  return replicasOf(((await state.document(ROSTER, ALL))?.body ?? {}) as unknown as Roster);
}

/**
 * Of a replica whose data folder is destroyed for good: what was ordered of it is waited for no longer.
 * @returns whether it was known
 */
export async function forgetReplica(state: State, id: string): Promise<boolean> {
  const { result } = await transact(state, async (transaction) => {
    const { [id]: known, ...others } = await rosterIn(transaction);
    if (known !== undefined) transaction.put({ kind: ROSTER, id: ALL, body: others });
    return known !== undefined;
  });
  for (const { found } of [...(await openOrders(state, id)), ...(await doneOrders(state, id))])
    await transact(state, (transaction) => transaction.remove(found.kind, found.id));
  return result;
}

const padded = (ms: number): string => String(ms).padStart(15, '0');

/** Links of an order: those that are open stand by their replica, and by their time. */
const linksOf = ({ order, replica, at, phase }: ReplicaOrder): readonly string[] => [
  `order/${order}`,
  ...(phase === 'done' ? [`done/${replica}`] : [`open/${replica}/${padded(at)}`, `waiting/${padded(at)}`]),
];

const documentOf = (order: ReplicaOrder) => ({
  kind: ORDER,
  id: `${order.order}/${order.replica}`,
  links: linksOf(order),
  body: order as unknown as Json,
});

/** The replica at which it is ordered. */
export interface OwnPart {
  readonly replica: string;
  /** The entry of its journal that orders it already; undefined where it has nothing of the subject. */
  readonly recorded: { readonly pseudonym: string; readonly receipt: string } | undefined;
}

/**
 * Orders an erasure of all replicas that are known, and destroys the key that they share, in one commit. Durable when
 * it resolves.
 * @param own what was done of it before
 * @returns the id of the order
 * @throws YitongError `bad_subject`, `bad_request` as `orderErasure`; `state_unavailable`
 */
export async function orderOfAll(
  state: State,
  { subject, reason, legalBasis, by }: ErasureOrder,
  own?: OwnPart,
): Promise<string> {
  refuseNaming({ subject, reason, legalBasis });
  const order = randomUUID();
  const at = Date.now();
  const destroy = await destroyingSharedKey(state, subject);
  await transact(state, async (transaction) => {
    await destroy(transaction);
    for (const { id: replica, publicKey } of replicasOf(await rosterIn(transaction))) {
      const isOwn = own?.replica === replica;
      if (isOwn && own.recorded === undefined) continue;
      const phase: Phase =
        isOwn && own.recorded !== undefined
          ? { phase: 'recorded', ...own.recorded }
          : { phase: 'wanted', sealed: sealFor(publicKey, subject) };
      transaction.put(documentOf({ order, replica, at, by, reason, legalBasis, ...phase }));
    }
  });
  return order;
}

const asFound = (found: StateDocument): FoundOrder => ({ order: found.body as unknown as ReplicaOrder, found });

/** Of one replica, the oldest first. */
export const openOrders = async (state: State, replica: string): Promise<readonly FoundOrder[]> =>
  (await everyDocument(state, ORDER, `open/${replica}/`)).map(asFound);

export const doneOrders = async (state: State, replica: string): Promise<readonly FoundOrder[]> =>
  (await everyDocument(state, ORDER, `done/${replica}`)).map(asFound);

/** Replicas that have not carried out an order so far. */
export async function waitingFor(state: State, order: string): Promise<readonly string[]> {
  const found = (await everyDocument(state, ORDER, `order/${order}`)).map(asFound);
  return found.filter(({ order: { phase } }) => phase !== 'done').map(({ order: { replica } }) => replica);
}

/** ms since 1970 of the oldest order that some replica has not carried out; undefined where there is none. */
export async function oldestWaiting(state: State): Promise<number | undefined> {
  const [oldest] = (await state.documents(ORDER, { link: 'waiting/', limit: 1 })).documents;
  return oldest === undefined ? undefined : asFound(oldest).order.at;
}

/**
 * The order has come so far.
 * @param next undefined: nothing is left of it
 * @returns as it stands now
 * @throws StateConflict where another process brought it on meanwhile
 */
export async function bringOn<Next extends ReplicaOrder>(
  state: State,
  { found }: FoundOrder,
  next: Next,
): Promise<FoundOrder & { readonly order: Next }> {
  const { revision } = await state.commit([{ do: 'put', version: found.version, ...documentOf(next) }]);
  return { order: next, found: { ...found, version: revision, links: linksOf(next), body: next as unknown as Json } };
}

/** All of an order that is on record at a replica is carried out there; again it changes nothing. */
export async function orderDone(state: State, replica: string, order: string): Promise<void> {
  const found = (await openOrders(state, replica)).find((one) => one.order.order === order);
  if (found?.order.phase !== 'recorded') return;
  try {
    await bringOn(state, found, { ...found.order, phase: 'done' });
  } catch (error) {
    // whoever was faster said the same
    if (!(error instanceof StateConflict)) throw error;
  }
}

/** Nothing is left of it. @throws StateConflict as `bringOn` */
export async function dropOrder(state: State, { found: { kind, id, version } }: FoundOrder): Promise<void> {
  await state.commit([{ do: 'remove', kind, id, version }]);
}

async function everyDocument(state: State, kind: string, link: string): Promise<readonly StateDocument[]> {
  const all: StateDocument[] = [];
  let after: string | undefined;
  do {
    const page = await state.documents(kind, { link, limit: PAGE, ...(after === undefined ? {} : { after }) });
    all.push(...page.documents);
    after = page.next;
  } while (after !== undefined);
  return all;
}

/** A maker of files over the world of subscriptions: what is on the bus, in the view, and granted. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import type { Test } from 'tap';
import { subjectKey } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { answerBuilder } from '../../../gateway/answer/question/build.js';
import { openCursors } from '../../../gateway/answer/question/cursors.js';
import { Plans } from '../../../gateway/answer/question/plan.js';
import { freshness } from '../../../gateway/answer/question/status.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { batchChunks } from '../../../gateway/http/api/batch/chunks.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { FileMaker } from '../../../gateway/procedures/files/maker.js';
import { FileFolder } from '../../../gateway/procedures/files/opened.js';
import { type AskedFile, type FileOrder, FileStore } from '../../../gateway/procedures/files/store.js';
import { VaultReader, vaultKey } from '../../../gateway/procedures/files/vault.js';
import type { Client } from '../../../policies/types.js';
import { ALL, type World } from '../subscriptions/world.js';

export const subjects = Array.from({ length: 40 }, (_, n) => subjectKey('uscc', uscc.make(n)));
export const asked = (parts: Partial<AskedFile> = {}): AskedFile => ({
  purpose: 'credit',
  dataset: ALL,
  format: 'ndjson',
  ...parts,
});
export const NEVER = new AbortController().signal;

export interface Replica {
  readonly store: FileStore;
  readonly maker: FileMaker;
  readonly folder: FileFolder;
  readonly dir: string;
  readonly troubles: unknown[];
  order(parts?: Partial<AskedFile>): Promise<FileOrder>;
  /** As it stands now. */
  look(order: Pick<FileOrder, 'id'>): Promise<FileOrder | undefined>;
  /** All bytes of one that is ready. */
  bytes(order: Pick<FileOrder, 'id'>): Promise<Buffer>;
  left(): readonly string[];
}

export async function replica(
  t: Test,
  made: World,
  state: State,
  parts: {
    readonly chunk?: number;
    readonly beforeChunk?: (order: FileOrder, chunk: number) => Promise<void> | void;
    readonly now?: () => number;
  } = {},
): Promise<Replica> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const keys = await sharedSealingKeys(state);
  const store = new FileStore(state, keys);
  const secret = await secretIn(state, 'files');
  const folder = new FileFolder(dir);
  const troubles: unknown[] = [];
  const { now = Date.now, ...rest } = parts;
  const maker = new FileMaker({
    ground: { ...made, view: made.view, now },
    desk: { store, secret, folder },
    closing: { hidden: () => undefined, now },
    namesOf: (some) => some.map((one) => Buffer.from(one.slice(-16)).toString('hex').padStart(32, '0').slice(0, 32)),
    name: 'here',
    keptFor: 3_600_000,
    onTrouble: (error) => troubles.push(error),
    ...rest,
  });
  const look = async ({ id }: Pick<FileOrder, 'id'>): Promise<FileOrder | undefined> => store.find('alpha', id);
  return {
    store,
    maker,
    folder,
    dir,
    troubles,
    look,
    order: (more) => store.order('alpha', asked(more), { folder: folder.id, name: 'here' }, now()),
    async bytes(order) {
      const found = await look(order);
      if (found?.made === undefined) throw new Error(`it is ${String(found?.state)} (${String(found?.reason)})`);
      const { bytes, salt } = found.made;
      const reader = await VaultReader.open(folder.filesOf(found).bytes, vaultKey(secret, found.id, salt), bytes);
      const all: Buffer[] = [];
      for (let at = 0; at < bytes; at += all.at(-1)?.length ?? bytes) all.push(await reader.read(at, bytes));
      await reader.close();
      return Buffer.concat(all);
    },
    left: () => readdirSync(folder.path).filter((name) => name !== 'folder'),
  };
}

export interface Told {
  readonly subject: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** What a batch says of these subjects, record for record. */
export async function batchOf(made: World, client: Client, about: readonly string[], dataset = ALL): Promise<Told[]> {
  const { workspace, inForce, view, journal } = made;
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  const chunks = batchChunks(
    {
      client,
      request: { purpose: 'credit', subjects: [...about], datasets: [{ id: dataset }] },
      subjects: about as never,
      requestId: 'batch',
      traceparent: undefined,
      asker: undefined,
    },
    {
      plans: new Plans({ workspace, inForce, delivery: 'batch', closing: { hidden: () => undefined, now: Date.now } }),
      view,
      build: answerBuilder(freshness(view), 1000, openCursors(dir, '')),
      journal,
      now: Date.now,
      size: 7,
      refused: () => undefined,
      ending: () => false,
      failed: (error) => {
        throw error;
      },
    },
  );
  const bytes: Buffer[] = [];
  for await (const chunk of chunks) bytes.push(chunk);
  rmSync(dir, { recursive: true });
  return Buffer.concat(bytes)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { subject?: string; datasets?: { records: Omit<Told, 'subject'>[] }[] })
    .flatMap(({ subject, datasets }) =>
      subject === undefined ? [] : (datasets?.[0]?.records ?? []).map((one) => ({ subject, ...one })),
    );
}

export const ndjson = (bytes: Buffer): Told[] =>
  bytes.length === 0
    ? []
    : bytes
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);

/** As a program of somebody else reads it. */
export async function avro(bytes: Buffer): Promise<readonly Record<string, unknown>[]> {
  const decoder = new avsc.streams.BlockDecoder();
  const rows: Record<string, unknown>[] = [];
  decoder.on('data', (row: object) => rows.push(JSON.parse(JSON.stringify(row)) as Record<string, unknown>));
  const over = new Promise<void>((resolve, reject) => decoder.on('end', resolve).on('error', reject));
  decoder.end(bytes);
  await over;
  return rows;
}

/** RFC 4180; an empty cell without quotes is undefined. */
export function csv(bytes: Buffer): (string | undefined)[][] {
  const text = bytes.toString();
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  for (let at = 0; at < text.length; ) {
    let cell: string | undefined;
    if (text[at] === '"') {
      cell = '';
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        cell += text[at];
        if (text[at] === '"') at++;
      }
      at++;
    } else {
      const end = /[,\r]/.exec(text.slice(at))?.index ?? text.length - at;
      cell = end === 0 ? undefined : text.slice(at, at + end);
      at += end;
    }
    row.push(cell);
    if (text[at] === ',') at++;
    else {
      rows.push(row);
      row = [];
      at += 2;
    }
  }
  return rows;
}

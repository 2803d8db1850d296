/**
 * Files that come with tickets, as evidence: `<data>/tickets/files/<ticket>/<file>`, each sealed under the key of the
 * ticket's subject, so that an erasure takes it. What it is called and how it is typed stands with the act that brought
 * it, sealed likewise. A file is told by its content; nothing of it is opened here, and nothing scans it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { endDocuments, endLink } from '../../ground/state/ending.js';
import type { Change, State } from '../../ground/state/port.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { NONCE_BYTES, sealBytes, unsealBytes } from '../../log/entries/seal.js';
import { ticketsDir } from './store.js';

type FileType = 'application/pdf' | 'image/jpeg' | 'image/png';

/** As somebody sends it. */
export interface SentFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** As its act tells of it. */
export interface TicketFile {
  /** 16 hex digits, random. */
  readonly id: string;
  readonly name: string;
  readonly type: FileType;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, base64url. */
  readonly digest: string;
}

/** Bytes of one file. */
export const MAX_FILE = 5 * 1_048_576;
const ID = /^[0-9a-f]{16}$/;

const beginnings: readonly (readonly [FileType, Buffer])[] = [
  ['application/pdf', Buffer.from('%PDF-', 'latin1')],
  ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff])],
  ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
];
const endings: Readonly<Record<FileType, string>> = {
  'application/pdf': '.pdf',
  'image/jpeg': '.jpg',
  'image/png': '.png',
};

/** What its bytes say that it is; its name says nothing. */
export const typeOf = (bytes: Buffer): FileType | undefined =>
  beginnings.find(([, first]) => bytes.subarray(0, first.length).equals(first))?.[0];

/** Without folders, signs that steer, and more than a line; with the ending of what it is. */
function nameOf(name: string, type: FileType): string {
  const bare = (name.split(/[/\\]/).at(-1) ?? '')
    .replace(/[\p{C}"<>:|?*]/gu, '')
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .trim()
    .slice(0, 100);
  return `${bare === '' ? 'file' : bare}${endings[type]}`;
}

/**
 * What is told of them, before anything is stored.
 * @param most with one act
 * @throws YitongError `too_many_files`, `file_too_large`, `file_type`
 */
export function readFiles(
  sent: readonly SentFile[],
  most: number,
): readonly (TicketFile & { readonly bytes: Buffer })[] {
  const refuse = (code: 'too_many_files' | 'file_too_large' | 'file_type', zh: string, en: string): never => {
    throw new YitongError(code, en, { faults: { files: { zh, en } } });
  };
  if (sent.length > most)
    refuse(
      'too_many_files',
      most === 0 ? '此项操作不接收文件。' : `至多上传 ${String(most)} 个文件。`,
      most === 0 ? 'no files come with this act' : `${String(most)} files at most`,
    );
  return sent.map(({ name, bytes }) => {
    if (bytes.length === 0 || bytes.length > MAX_FILE)
      refuse('file_too_large', '文件为空，或超过 5 兆字节。', 'a file is empty, or larger than 5 MiB');
    const type =
      typeOf(bytes) ??
      refuse('file_type', '仅接收 PDF、JPEG、PNG 文件。', 'only PDF, JPEG and PNG are taken, told by their content');
    return {
      id: randomBytes(8).toString('hex'),
      name: nameOf(name, type),
      type,
      size: bytes.length,
      digest: createHash('sha256').update(bytes).digest('base64url'),
      bytes,
    };
  });
}

/** Files of tickets, where they stand. */
export interface TicketFiles {
  /** Durable when it resolves. */
  store(
    ticket: string,
    files: readonly { readonly id: string; readonly bytes: Buffer }[],
    secret: SubjectSecret,
    now: number,
  ): Promise<void>;
  /** @throws YitongError `store_damaged` where it is gone or was changed */
  load(ticket: string, file: TicketFile, secret: SubjectSecret): Promise<Buffer>;
  /** Of an act that took no effect. */
  drop(ticket: string, files: readonly Pick<TicketFile, 'id'>[]): Promise<void>;
  /** Files of tickets that never came to be: whoever stored them ended before the act was stored. */
  dropStray(isTicket: (id: string) => Promise<boolean>, now: number): Promise<void>;
  /** All of a ticket. */
  remove(ticket: string): Promise<void>;
}

/** How long an act may take from its files to itself. */
const DAY = 86_400_000;

const checked = (bytes: Buffer | undefined, { digest }: TicketFile): Buffer => {
  if (bytes === undefined || createHash('sha256').update(bytes).digest('base64url') !== digest)
    throw new YitongError('store_damaged', 'a file of a ticket is missing or was changed; put it back from a backup');
  return bytes;
};

/** In the data folder. */
export function ticketFilesIn(dataDir: string): TicketFiles {
  const all = join(ticketsDir(dataDir), 'files');
  const folderOf = (ticket: string): string => join(all, ticket);
  const remove = (ticket: string): void => rmSync(folderOf(ticket), { recursive: true, force: true });
  return {
    async store(ticket, files, secret) {
      if (files.length === 0) return;
      const folder = folderOf(ticket);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const { id, bytes } of files)
        replaceFile(join(folder, id), sealBytes(secret, randomBytes(NONCE_BYTES), bytes), { mode: 0o600 });
    },
    async load(ticket, file, secret) {
      const path = join(folderOf(ticket), file.id);
      return checked(ID.test(file.id) && existsSync(path) ? unsealBytes(secret, readFileSync(path)) : undefined, file);
    },
    async drop(ticket, files) {
      for (const { id } of files) rmSync(join(folderOf(ticket), id), { force: true });
    },
    async dropStray(isTicket, now) {
      for (const id of existsSync(all) ? readdirSync(all) : [])
        if (!(await isTicket(id)) && now - statSync(join(all, id)).mtimeMs > DAY) remove(id);
    },
    async remove(ticket) {
      remove(ticket);
    },
  };
}

const FILE = 'ticket-file';
/** Beside each file, so that stray ones are found without their bytes. */
const BROUGHT = 'ticket-file-brought';

/** A file of a data folder, as it stands there: sealed. */
export const adoptFile = async (state: State, ticket: string, file: string, bytes: Buffer): Promise<void> =>
  void (await state.commit(fileChanges(ticket, file, bytes, [])));

const fileId = (ticket: string, file: string): string => `${ticket}/${file}`;
const fileChanges = (ticket: string, file: string, sealed: Buffer, links: readonly string[]): readonly Change[] => {
  const id = fileId(ticket, file);
  return [
    { do: 'put', kind: FILE, id, body: { enc: sealed.toString('base64') } },
    { do: 'put', kind: BROUGHT, id, links: [`of/${ticket}`, ...links], body: { ticket } },
  ];
};

/** In the state that all replicas share. */
export function ticketFilesInState(state: State): TicketFiles {
  const removal = (id: string): readonly Change[] => [
    { do: 'remove', kind: FILE, id },
    { do: 'remove', kind: BROUGHT, id },
  ];
  return {
    async store(ticket, files, secret, now) {
      for (const { id, bytes } of files) {
        const sealed = sealBytes(secret, randomBytes(NONCE_BYTES), bytes);
        await state.commit(fileChanges(ticket, id, sealed, [endLink(now + DAY)]));
      }
    },
    async load(ticket, file, secret) {
      const found = await state.document(FILE, fileId(ticket, file.id));
      const { enc = '' } = (found?.body ?? {}) as { readonly enc?: string };
      return checked(found === undefined ? undefined : unsealBytes(secret, Buffer.from(enc, 'base64')), file);
    },
    async drop(ticket, files) {
      for (const { id } of files) await state.commit(removal(fileId(ticket, id)));
    },
    async dropStray(isTicket, now) {
      const there = new Map<string, boolean>();
      for (const ticket of await overdue(state, now)) there.set(ticket, await isTicket(ticket));
      // of a ticket that is there it is looked for no more
      await endDocuments(state, BROUGHT, now, ({ kind, id, version, body }) => {
        const { ticket } = body as unknown as { readonly ticket: string };
        const known = there.get(ticket);
        if (known === undefined) return [];
        return known ? [{ do: 'put', kind, id, version, links: [`of/${ticket}`], body: { ticket } }] : removal(id);
      });
    },
    async remove(ticket) {
      const link = `of/${ticket}`;
      for (;;) {
        const { documents } = await state.documents(BROUGHT, { link });
        if (documents.length === 0) return;
        await state.commit(documents.flatMap(({ id }) => removal(id)));
      }
    },
  };
}

/** Tickets whose files were brought longer than a day ago and not looked at since. */
async function overdue(state: State, now: number): Promise<ReadonlySet<string>> {
  const tickets = new Set<string>();
  await endDocuments(state, BROUGHT, now, ({ body }) => {
    tickets.add((body as unknown as { readonly ticket: string }).ticket);
    return [];
  });
  return tickets;
}

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

const folderOf = (dataDir: string, ticket: string): string => join(ticketsDir(dataDir), 'files', ticket);

/** On disk when this returns. */
export function storeFiles(
  dataDir: string,
  ticket: string,
  files: readonly { readonly id: string; readonly bytes: Buffer }[],
  secret: SubjectSecret,
): void {
  if (files.length === 0) return;
  const folder = folderOf(dataDir, ticket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { id, bytes } of files)
    replaceFile(join(folder, id), sealBytes(secret, randomBytes(NONCE_BYTES), bytes), { mode: 0o600 });
}

/** @throws YitongError `store_damaged` where it is gone or was changed */
export function loadFile(dataDir: string, ticket: string, { id, digest }: TicketFile, secret: SubjectSecret): Buffer {
  const path = join(folderOf(dataDir, ticket), id);
  const bytes = ID.test(id) && existsSync(path) ? unsealBytes(secret, readFileSync(path)) : undefined;
  if (bytes === undefined || createHash('sha256').update(bytes).digest('base64url') !== digest)
    throw new YitongError('store_damaged', 'a file of a ticket is missing or was changed; put it back from a backup');
  return bytes;
}

/** Of an act that took no effect. */
export function dropFiles(dataDir: string, ticket: string, files: readonly Pick<TicketFile, 'id'>[]): void {
  for (const { id } of files) rmSync(join(folderOf(dataDir, ticket), id), { force: true });
}

/** How long an act may take from its files to itself. */
const DAY = 86_400_000;

/** Files of tickets that never came to be: whoever stored them ended before the act was stored. */
export async function dropStray(
  dataDir: string,
  isTicket: (id: string) => Promise<boolean>,
  now: number,
): Promise<void> {
  const folder = join(ticketsDir(dataDir), 'files');
  for (const id of existsSync(folder) ? readdirSync(folder) : [])
    if (!(await isTicket(id)) && now - statSync(join(folder, id)).mtimeMs > DAY) removeFiles(dataDir, id);
}

export const removeFiles = (dataDir: string, ticket: string): void =>
  rmSync(folderOf(dataDir, ticket), { recursive: true, force: true });

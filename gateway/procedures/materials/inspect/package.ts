/**
 * OFD (GB/T 33190) and XLSX (ECMA-376): both are ZIP files, told by what they hold. Only the list of what is in them is
 * read, nothing is unpacked; what holds a macro, another program or a file of another kind is not taken.
 */
import { YitongError } from '../../../../contracts/errors.js';
import { damagedFile } from './refuse.js';

export type PackageType = 'application/ofd' | 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

const ENTRY = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
/** Bytes of a comment behind the list, at most. */
const COMMENT = 65_535;
const MOST_ENTRIES = 5000;
/** Bytes of all that is in it, unpacked. */
const MOST_BYTES = 268_435_456;
const ENCRYPTED = 1;

/** Macros, controls, programs, and files within the file. */
const ACTS =
  /vbaProject|^xl\/(?:activeX|embeddings|externalLinks|macrosheets|ctrlProps)\/|\.(?:js|vbs|exe|dll|com|bat|cmd|ps1|scr|jar|msi|hta)$/i;

function endOf(bytes: Buffer): number {
  for (let at = bytes.length - END_BYTES; at >= Math.max(0, bytes.length - END_BYTES - COMMENT); at--)
    if (bytes.readUInt32LE(at) === END) return at;
  return damagedFile('the list of what is in the file is not there');
}

/** Names of all that is in it. @throws YitongError `file_damaged`, `file_encrypted`, `file_too_large` */
function namesIn(bytes: Buffer): ReadonlySet<string> {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count > MOST_ENTRIES) throw new YitongError('file_too_large', 'the file holds too many parts');
  const names = new Set<string>();
  let unpacked = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== ENTRY) damagedFile('the list of what is in the file is not whole');
    if ((bytes.readUInt16LE(at + 8) & ENCRYPTED) !== 0)
      throw new YitongError('file_encrypted', 'the file is encrypted; take its password away, and send that');
    unpacked += bytes.readUInt32LE(at + 24);
    const length = bytes.readUInt16LE(at + 28);
    names.add(bytes.toString('utf8', at + 46, at + 46 + length).replace(/^\//, ''));
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  if (unpacked > MOST_BYTES) throw new YitongError('file_too_large', 'the file is too large once it is unpacked');
  return names;
}

/**
 * @returns undefined where it is a ZIP of another kind
 * @throws YitongError `file_damaged`, `file_encrypted`, `file_active`, `file_too_large`
 */
export function inspectPackage(bytes: Buffer): PackageType | undefined {
  const names = namesIn(bytes);
  const type = names.has('OFD.xml')
    ? 'application/ofd'
    : names.has('[Content_Types].xml') && names.has('xl/workbook.xml')
      ? 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
      : undefined;
  if (type !== undefined && [...names].some((name) => ACTS.test(name)))
    throw new YitongError('file_active', 'the file holds a macro, a program or another file; save it without them');
  return type;
}

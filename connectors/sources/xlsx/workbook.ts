/**
 * The parts of a workbook that say how its sheets are read (ECMA-376 part 1): sheets, number formats, shared strings.
 * Formulas, macros and links are never followed.
 */
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { type Meaning, meaningOf, unescapeText } from './values.js';
import { prefixed, readXml } from './xml.js';
import { entryBytes, Unreadable, type ZipDirectory, type ZipEntry } from './zip.js';

export interface Workbook {
  readonly sheet: ZipEntry;
  readonly from1904: boolean;
  /** By the cell's style number. */
  readonly meanings: readonly Meaning[];
  readonly strings: readonly string[];
}

export interface Archive {
  readonly handle: FileHandle;
  readonly entries: ZipDirectory;
  readonly signal: AbortSignal;
}

const MAX_PART = 32 * 1_048_576;
const MAX_STRINGS = 512 * 1_048_576;
/** Of all shared strings together: they are held in memory. */
const MAX_STRING_CHARACTERS = 48 * 1_048_576;

interface Relation {
  readonly type: string;
  readonly target: string;
  readonly external: boolean;
}

function part({ handle, entries, signal }: Archive, name: string, limit = MAX_PART): AsyncIterable<Buffer> {
  const entry = entries.get(name);
  if (entry === undefined) throw new Unreadable('a part of the workbook is missing');
  return entryBytes(handle, entry, limit, signal);
}

async function relationsOf(archive: Archive, name: string): Promise<ReadonlyMap<string, Relation>> {
  const { dir, base } = posix.parse(name);
  const relations = new Map<string, Relation>();
  const file = posix.join(dir, '_rels', `${base}.rels`);
  if (!archive.entries.has(file)) return relations;
  await readXml(part(archive, file), {
    open(element, { Id = '', Type = '', Target = '', TargetMode }) {
      if (element !== 'Relationship') return;
      const target = Target.startsWith('/') ? Target.slice(1) : posix.join(dir, Target);
      relations.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), target, external: TargetMode === 'External' });
    },
  });
  return relations;
}

async function numberFormats(archive: Archive, name: string): Promise<Meaning[]> {
  const codes = new Map<number, string>();
  const meanings: Meaning[] = [];
  let inCells = false;
  await readXml(part(archive, name), {
    open(element, attributes) {
      if (element === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      else if (element === 'cellXfs') inCells = true;
      else if (element === 'xf' && inCells) {
        const id = Number(attributes['numFmtId'] ?? 0);
        meanings.push(meaningOf(id, codes.get(id)));
      }
    },
    close(element) {
      if (element === 'cellXfs') inCells = false;
    },
  });
  return meanings;
}

async function sharedStrings(archive: Archive, name: string): Promise<string[]> {
  const strings: string[] = [];
  let characters = 0;
  let text = '';
  let inText = false;
  let spoken = 0;
  const count = (more: number): void => {
    characters += more;
    if (characters > MAX_STRING_CHARACTERS)
      throw new Unreadable(`the texts of the workbook are longer than ${MAX_STRING_CHARACTERS} characters`);
  };
  await readXml(part(archive, name, MAX_STRINGS), {
    open(element) {
      if (element === 'si') text = '';
      // how a word is read aloud is not part of the word
      else if (element === 'rPh') spoken += 1;
      else if (element === 't') inText = spoken === 0;
    },
    text(piece) {
      if (!inText) return;
      count(piece.length);
      text += piece;
    },
    close(element) {
      if (element === 't') inText = false;
      else if (element === 'rPh') spoken -= 1;
      else if (element === 'si') {
        // an empty string costs memory too
        count(8);
        strings.push(unescapeText(text));
      }
    },
  });
  return strings;
}

/** The sheets in the order of the tabs. @throws Unreadable */
export async function sheetsOf(archive: Archive): Promise<{
  readonly part: string;
  readonly sheets: readonly { readonly name: string; readonly id: string }[];
  readonly from1904: boolean;
}> {
  if ([...archive.entries.keys()].some((name) => /vbaproject\.bin$/i.test(name)))
    throw new Unreadable('the workbook has macros; save it as `.xlsx` without them');
  const root = [...(await relationsOf(archive, '')).values()].find(
    ({ type, external }) => type === 'officeDocument' && !external,
  );
  const name = root?.target ?? 'xl/workbook.xml';
  const sheets: { readonly name: string; readonly id: string }[] = [];
  let from1904 = false;
  await readXml(part(archive, name), {
    open(element, attributes) {
      if (element === 'sheet') sheets.push({ name: attributes['name'] ?? '', id: prefixed(attributes, 'id') ?? '' });
      else if (element === 'workbookPr') from1904 = attributes['date1904'] === '1' || attributes['date1904'] === 'true';
    },
  });
  return { part: name, sheets, from1904 };
}

/**
 * @param wanted the sheet's name, or its number from 1 in the order of the tabs
 * @throws Unreadable
 */
export async function readWorkbook(archive: Archive, wanted: string | number): Promise<Workbook> {
  const { part: name, sheets, from1904 } = await sheetsOf(archive);
  const found = typeof wanted === 'number' ? sheets[wanted - 1] : sheets.find((sheet) => sheet.name === wanted);
  if (found === undefined) throw new Unreadable(`the workbook has no sheet \`${wanted}\``);
  const relations = await relationsOf(archive, name);
  const relation = relations.get(found.id);
  const sheet =
    relation === undefined || relation.external || relation.type !== 'worksheet'
      ? undefined
      : archive.entries.get(relation.target);
  if (sheet === undefined) throw new Unreadable(`the sheet \`${wanted}\` has no rows of its own`);
  const other = (type: string): string | undefined =>
    [...relations.values()].find((one) => one.type === type && !one.external)?.target;
  const styles = other('styles');
  const strings = other('sharedStrings');
  return {
    sheet,
    from1904,
    meanings: styles === undefined ? [] : await numberFormats(archive, styles),
    strings: strings === undefined ? [] : await sharedStrings(archive, strings),
  };
}

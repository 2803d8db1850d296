/**
 * README.zh-CN.md says what README.md says: a Chinese reader gets the same sections, commands, links, tables and
 * figures.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';

const [ENGLISH, CHINESE] = ['README.md', 'README.zh-CN.md'];
const read = (name: string): string => readFileSync(join(packageRoot(), name), 'utf8');

interface Page {
  /** Level and, for a message, words of each heading. */
  readonly headings: readonly { readonly level: number; readonly words: string }[];
  /** Lines of fenced and indented blocks, one text a block, without comments. */
  readonly blocks: readonly string[];
  /** Rows of each table, as the code spans of each. */
  readonly tables: readonly (readonly string[])[];
  readonly links: readonly string[];
  readonly spans: readonly string[];
  readonly figures: readonly string[];
  readonly bullets: number;
}

/** A command in a block, without what a `#` says of it. */
const uncommented = (line: string): string => line.replace(/\s+# .*$/, '').trimEnd();
const spansOf = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

function pageOf(text: string): Page {
  const blocks: string[] = [];
  const prose: string[] = [];
  let fence: string[] | undefined;
  let indented: string[] | undefined;
  const endIndented = (): void => {
    if (indented !== undefined) blocks.push(indented.join('\n'));
    indented = undefined;
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      if (fence === undefined) fence = [line];
      else {
        blocks.push(fence.join('\n'));
        fence = undefined;
      }
    } else if (fence !== undefined) fence.push(line);
    else if (line.startsWith('    ')) (indented ??= []).push(uncommented(line));
    else {
      endIndented();
      prose.push(line);
    }
  }
  endIndented();
  const tables: string[][] = [];
  let before = '';
  for (const line of prose) {
    if (line.startsWith('|')) {
      if (!before.startsWith('|')) tables.push([]);
      tables.at(-1)?.push(spansOf(line.split('|')[1] ?? '').join(' '));
    }
    before = line;
  }
  const body = prose.join('\n');
  const links = [...body.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  const figures =
    body
      .replace(/\]\([^)]+\)/g, ']')
      .replace(/`[^`]+`/g, '')
      .match(/\d+(?:[.,]\d+)*/g) ?? [];
  return {
    headings: prose.flatMap((line) => (/^#+ /.test(line) ? [{ level: line.indexOf(' '), words: line }] : [])),
    blocks,
    tables,
    figures: [...figures].sort(),
    // each of the two links to the other
    links: links.map((target) => (target === ENGLISH || target === CHINESE ? 'the other language' : target)).sort(),
    spans: [...spansOf(body)].sort(),
    bullets: prose.filter((line) => line.startsWith('- ')).length,
  };
}

const english = pageOf(read(ENGLISH));
const chinese = pageOf(read(CHINESE));
const HOW = `translate what changed in ${ENGLISH} into ${CHINESE}`;

t.test('the same sections in the same order', (t) => {
  t.strictSame(
    chinese.headings.map(({ level }) => level),
    english.headings.map(({ level }) => level),
    HOW,
  );
  t.equal(chinese.bullets, english.bullets, 'the same points');
  t.match(chinese.headings.map(({ words }) => words).join(''), /\p{Script=Han}/u);
  t.end();
});

t.test('the same commands, letter for letter', (t) => {
  t.ok(english.blocks.length > 3);
  t.strictSame(chinese.blocks, english.blocks, HOW);
  t.end();
});

t.test('the same rows of each table', (t) => {
  t.strictSame(chinese.tables, english.tables, HOW);
  t.end();
});

t.test('links to the same places, the same names in code, the same figures', (t) => {
  t.strictSame(chinese.links, english.links, HOW);
  t.strictSame(chinese.spans, english.spans, HOW);
  t.strictSame(chinese.figures, english.figures, HOW);
  t.end();
});

t.test('no sentence was left in English', (t) => {
  const lines = read(CHINESE)
    .replace(/^```[^]*?^```/gm, '')
    .split('\n')
    .filter((line) => !line.startsWith('    ') && !/^\[English\]/.test(line));
  for (const line of lines) {
    const words =
      line
        .replace(/`[^`]+`/g, '')
        .replace(/\]\([^)]+\)/g, ']')
        .match(/[A-Za-z]{2,}(?: [A-Za-z]{2,}){3,}/g) ?? [];
    t.strictSame(words, [], line);
  }
  t.end();
});

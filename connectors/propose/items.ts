/** JSON: a document with an array of items somewhere, or an item a line. */
import type { Localised } from '../../contracts/localised.js';
import { parseJson } from '../reading/json-value.js';
import { AS_SAID, because, count, type Decision, wrongAnswer } from './decision.js';

interface Items {
  readonly source: { readonly format?: 'lines'; readonly items?: string };
  readonly decisions: readonly Decision[];
}

const isObjectLine = (line: string): boolean => {
  const parsed = line.trimStart().startsWith('{') ? parseJson(line) : undefined;
  return parsed?.ok === true;
};

/**
 * Arrays whose first element is an object, by pointer, with the elements met; a pass over the characters, so that a
 * document may be cut.
 */
function arraysOfObjects(text: string): Map<string, number> {
  interface Level {
    readonly array: boolean;
    key: string;
    readonly pointer: string;
    items: number;
    objects: boolean;
  }
  const found = new Map<string, number>();
  const levels: Level[] = [];
  let string: number | undefined;
  let last = '';
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i);
    if (string !== undefined) {
      if (sign === '\\') i += 1;
      else if (sign === '"') {
        last = text.slice(string + 1, i);
        string = undefined;
      }
      continue;
    }
    const level = levels.at(-1);
    if (sign === '"') string = i;
    else if (sign === ':' && level !== undefined) level.key = last;
    else if (sign === '{' || sign === '[') {
      // what lies inside an item is not looked at
      if (level?.array === true) {
        level.items += 1;
        if (sign === '{') level.objects = true;
      }
      const pointer =
        level === undefined
          ? ''
          : level.array
            ? `${level.pointer}/-`
            : `${level.pointer}/${level.key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      levels.push({ array: sign === '[', key: '', pointer, items: 0, objects: false });
    } else if (sign === '}' || sign === ']') {
      const done = levels.pop();
      if (done?.array === true && done.objects && !done.pointer.includes('/-')) found.set(done.pointer, done.items);
    }
  }
  for (const open of levels)
    if (open.array && open.objects && !open.pointer.includes('/-')) found.set(open.pointer, open.items);
  return found;
}

/** Undefined if it is no JSON with objects in it. */
export function findItems(text: string, whole: boolean, given: string | undefined): Items | undefined {
  const say = (proposed: string, reason: Localised, sure = true, alternatives: readonly string[] = []): Decision => ({
    about: 'items',
    proposed,
    ...because(reason),
    sure,
    alternatives,
    option: '--items ',
  });
  const lines = text.split('\n', 4).filter((line) => line.trim() !== '');
  const found = [...arraysOfObjects(text)].sort((a, b) => b[1] - a[1]);
  // one line alone is a document, unless nothing in it is a list
  const oneEach =
    lines.slice(0, whole ? 3 : 2).every(isObjectLine) &&
    (lines.length > 1 || (whole && lines.length === 1 && found.length === 0));
  if (given === undefined && oneEach)
    return {
      source: { format: 'lines' },
      decisions: [say('a line each', { zh: '每行是一条记录', en: 'each line is a JSON object' })],
    };
  const place = (pointer: string): string => (pointer === '' ? 'the document' : pointer);
  if (given !== undefined) {
    if (!found.some(([pointer]) => pointer === given))
      throw wrongAnswer(
        'items',
        `there is no array of objects at \`${given}\`; there is one at ` +
          `${found.map(([pointer]) => `\`${place(pointer)}\``).join(', ')}`,
        '文件的这个位置没有数据列表。',
      );
    return { source: given === '' ? {} : { items: given }, decisions: [say(place(given), AS_SAID)] };
  }
  const [best, ...rest] = found;
  if (best === undefined) return undefined;
  const [pointer, items] = best;
  return {
    source: pointer === '' ? {} : { items: pointer },
    decisions: [
      say(
        place(pointer),
        {
          zh: `此处有数据列表（${whole ? `${items} 项` : `至少 ${items} 项`}）`,
          en: `an array of objects stands there (${whole ? count(items, 'item') : `${items} and more items`})`,
        },
        rest.length === 0,
        rest.map(([other]) => place(other)),
      ),
    ],
  };
}

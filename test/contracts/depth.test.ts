/** What is looked at before JSON is parsed: how deep it is, and whether a name in it may be one that is refused. */
import t from 'tap';
import { looksOf } from '../../contracts/depth.js';

/** Numbers of a fixed sequence, from 0 up to and without `below`. */
function sequence(): (below: number) => number {
  let state = 12345;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

const TEXTS = [
  'a',
  '',
  '_',
  '__proto__',
  'constructor',
  'co',
  'case',
  'c',
  '"[{',
  '\\',
  '\\"]}',
  '一通',
  '__proto_',
  'x_y',
];
const REFUSED = new Set(['__proto__', 'constructor']);

t.test('depth is that of the value, and no name that is refused passes as plain', (t) => {
  const next = sequence();
  const names: string[] = [];
  /** Sometimes with its letters escaped. */
  const string = (text: string): string => {
    if (next(4) > 0) return JSON.stringify(text);
    const letters = [...text].map((letter) =>
      next(2) === 0 || letter > '~'
        ? JSON.stringify(letter).slice(1, -1)
        : `\\u00${letter.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    return `"${letters.join('')}"`;
  };
  const textOf = (): string => TEXTS[next(TEXTS.length)] ?? '';
  const space = (): string => ['', ' ', '\n'][next(3)] ?? '';
  /** A value, and its depth. */
  const value = (levels: number): { text: string; depth: number } => {
    const kind = levels === 0 ? 0 : next(3);
    if (kind === 0) return { text: next(2) === 0 ? string(textOf()) : '12', depth: 0 };
    const items = Array.from({ length: next(4) }, () => value(levels - 1));
    const depth = 1 + Math.max(0, ...items.map((item) => item.depth));
    if (kind === 1) return { text: `[${items.map(({ text }) => text + space()).join(',')}]`, depth };
    const members = items.map(({ text }) => {
      const name = textOf();
      names.push(name);
      return `${space()}${string(name)}${space()}:${text}`;
    });
    return { text: `{${members.join(',')}}`, depth };
  };
  let plain = 0;
  for (let i = 0; i < 20_000; i++) {
    names.length = 0;
    const { text, depth } = value(5);
    JSON.parse(text);
    const limit = next(6);
    const looks = looksOf(text, limit);
    if ((looks === 'deep') !== depth > limit)
      t.fail(`${text} is ${String(depth)} deep, not ${looks} of ${String(limit)}`);
    if (looks === 'plain') plain++;
    if (looks === 'plain' && names.some((name) => REFUSED.has(name))) t.fail(`${text} holds a name that is refused`);
  }
  t.ok(plain > 3000, `${String(plain)} were plain`);
  t.equal(looksOf('{"purpose":"p","case":{"caseId":"c"},"subject":"uscc:1","datasets":[{"id":"a.b"}]}', 32), 'plain');
  t.equal(looksOf('["\\u005f_proto__"', 32), 'suspect', 'also what ends too early');
  t.equal(looksOf('{"c\\u006fnstructor":{"prototype":1}}', 32), 'suspect');
  t.end();
});

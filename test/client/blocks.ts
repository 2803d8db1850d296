/**
 * The examples of docs/api: fenced blocks of `sh` and `ts` that are run, each with the answer that stands behind it
 * (`json`, `jsonl`, `text`). What is otherwise each time stands as `…`, by the rule that docs/api/README.md tells its
 * reader.
 */

const ANSWERS = ['json', 'jsonl', 'text'] as const;
export interface Block {
  readonly page: string;
  /** Of its fence, from 1. */
  readonly line: number;
  readonly kind: 'sh' | 'ts';
  readonly text: string;
  readonly answer?: { readonly kind: (typeof ANSWERS)[number]; readonly text: string };
}

/** In the page's order. */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  const all = [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: kind = '', 2: text = '' }) => ({
    kind,
    text,
    line: markdown.slice(0, index).split('\n').length,
  }));
  return all.flatMap(({ kind, text, line }, i): readonly Block[] => {
    if (kind !== 'sh' && kind !== 'ts') return [];
    const next = all[i + 1];
    const answer = ANSWERS.find((one) => one === next?.kind);
    return [
      {
        page,
        line,
        kind,
        text,
        ...(answer === undefined || next === undefined ? {} : { answer: { kind: answer, text: next.text } }),
      },
    ];
  });
}

const ANY = '…';
const written = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split(ANY)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*?')}$`,
    'u',
  );

/** The first place where an answer is not as it is shown; undefined where it is. */
export function differs(shown: unknown, actual: unknown, at = '$'): string | undefined {
  if (shown === ANY) return undefined;
  if (typeof shown === 'string' && shown.includes(ANY))
    return typeof actual === 'string' && written(shown).test(actual)
      ? undefined
      : `${at} is ${JSON.stringify(actual)}, shown as ${shown}`;
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual)) return `${at} is no list`;
    const open = shown.at(-1) === ANY;
    const items = open ? shown.slice(0, -1) : shown;
    if (open ? actual.length < items.length : actual.length !== items.length)
      return `${at} has ${String(actual.length)} items`;
    return items.map((item, i) => differs(item, actual[i], `${at}[${String(i)}]`)).find((found) => found !== undefined);
  }
  if (typeof shown === 'object' && shown !== null) {
    if (typeof actual !== 'object' || actual === null) return `${at} is no object`;
    const { [ANY]: open, ...members } = shown as Readonly<Record<string, unknown>>;
    const more = Object.keys(actual).find((key) => !Object.hasOwn(members, key));
    if (open === undefined && more !== undefined) return `${at} has \`${more}\` too`;
    for (const [key, value] of Object.entries(members)) {
      if (!Object.hasOwn(actual, key)) return `${at} lacks \`${key}\``;
      const found = differs(value, (actual as Readonly<Record<string, unknown>>)[key], `${at}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return Object.is(shown, actual) ? undefined : `${at} is ${JSON.stringify(actual)}, shown as ${JSON.stringify(shown)}`;
}

const lines = (text: string): readonly string[] => text.trim().split('\n');

/** @param output what the block wrote */
export function answerDiffers({ kind, text }: NonNullable<Block['answer']>, output: string): string | undefined {
  if (kind === 'text') return written(text.trim()).test(output.trim()) ? undefined : `it says ${output.trim()}`;
  try {
    const values = (of: string): unknown =>
      kind === 'json' ? JSON.parse(of) : lines(of).map((line) => JSON.parse(line) as unknown);
    const found = differs(values(text), values(output));
    return found === undefined ? undefined : `${found}; it says ${output.trim().slice(0, 500)}`;
  } catch {
    return `no JSON: ${output.slice(0, 500)}`;
  }
}

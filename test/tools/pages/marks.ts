/** A page of docs/ that people write, with parts that are made from declarations, each between two marks. */

const MARK = /^<!-- made: ([\w -]+) -->\n[^]*?^<!-- end -->$/gm;

/**
 * The page with each of its made parts written again.
 * @param parts by the name that the mark says, Markdown without an empty line at either end
 * @throws Error where the page has a mark of which there is no part, or no mark for a part
 */
export function filled(page: string, parts: Readonly<Record<string, string>>): string {
  const left = new Set(Object.keys(parts));
  const text = page.replace(MARK, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`nothing is made for the mark \`${name}\``);
    left.delete(name);
    return `<!-- made: ${name} -->\n\n${part}\n\n<!-- end -->`;
  });
  if (left.size > 0) throw new Error(`the page has no mark for ${[...left].join(', ')}`);
  return text;
}

/** Rows of a table below its head. Also inside of backticks a bar would end the cell. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((cells) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`),
  ].join('\n');

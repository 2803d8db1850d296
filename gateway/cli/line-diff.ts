/** Lines that go and lines that come, with what stands around them: for whoever reviews a file before it is written. */

const AROUND = 2;

/** `-`, `+` or a blank before each line; where nothing changes, nothing. */
export function lineDiff(before: string, after: string): readonly string[] {
  const [a, b] = [before === '' ? [] : before.split('\n'), after === '' ? [] : after.split('\n')];
  // length of the longest common part behind each pair of lines
  const common = a.map(() => new Array<number>(b.length + 1).fill(0));
  common.push(new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i] ?? [];
      row[j] =
        a[i] === b[j] ? (common[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(common[i + 1]?.[j] ?? 0, common[i]?.[j + 1] ?? 0);
    }
  const all: string[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      all.push(`  ${a[i] ?? ''}`);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)))
      all.push(`- ${a[i++] ?? ''}`);
    else all.push(`+ ${b[j++] ?? ''}`);
  }
  const near = (at: number): boolean => all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(isChange);
  return all.flatMap((line, at) => (near(at) ? [line] : near(at - 1) ? ['  …'] : []));
}

const isChange = (line: string): boolean => !line.startsWith(' ');

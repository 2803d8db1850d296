/** All values at a path of a JSON record, lists flattened; nulls are no values. */
export function valuesAt(value: unknown, parts: readonly string[]): unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, parts));
  const [first, ...rest] = parts;
  if (first === undefined) return [value];
  return typeof value === 'object' ? valuesAt((value as Record<string, unknown>)[first], rest) : [];
}

/** `members[].role` → `members`, `role` */
export const partsOf = (path: string): readonly string[] => path.replaceAll('[]', '').split('.');

/** Members that may be missing. */

/** What may be undefined in `T` is there or is left out, and is never there as undefined. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * The object without its members that are undefined, to be spread where a member is optional:
 * `{ id, ...present({ at, reason }) }`.
 */
export function present<const T extends object>(members: T): Present<T> {
  const found: Record<string, unknown> = {};
  for (const key in members) {
    if (members[key] !== undefined) found[key] = members[key];
  }
  return found as Present<T>;
}

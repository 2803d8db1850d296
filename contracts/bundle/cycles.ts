/** What waits for itself: nothing can be computed of a bundle in which something does. */
import { YitongError } from '../errors.js';
import { namesOf } from './rule.js';
import type { Bundle, Item } from './types.js';

/** A name that waits for itself, over others or at once; undefined: nothing does. */
function waitsForItself(names: Iterable<string>, before: (name: string) => Iterable<string>): string | undefined {
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): string | undefined => {
    if (way.includes(name)) return name;
    if (done.has(name)) return undefined;
    for (const one of before(name)) {
      const found = walk(one, [...way, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of names) {
    const found = walk(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Nothing can be computed of a bundle in which something waits for itself.
 * @throws YitongError `bundle_cycle`
 */
export function checkCycles({ questions, items, place }: Bundle): void {
  const question = waitsForItself(questions.keys(), (name) => {
    const when = questions.get(name)?.when.rule;
    return when === undefined ? [] : [...namesOf(when)].filter((one) => questions.has(one));
  });
  if (question !== undefined)
    throw new YitongError('bundle_cycle', `\`questions.${question}\` is asked only where it is answered`, { place });
  const item = waitsForItself(items.keys(), (name) => items.get(name)?.after ?? []);
  if (item !== undefined) throw new YitongError('bundle_cycle', `\`items.${item}\` waits for itself`, { place });
  const prepared = waitsForItself(items.keys(), (name) => items.get(name)?.prepared ?? []);
  if (prepared !== undefined)
    throw new YitongError('bundle_cycle', `\`items.${prepared}\` takes effect only with itself`, { place });
  for (const { id, prepared: until } of items.values()) {
    if (until !== undefined && allBefore(id, items).has(until))
      throw new YitongError('bundle_cycle', `\`items.${id}\` is prepared until \`${until}\`, for which it waits`, {
        place,
      });
  }
}

/** Every item that is done before this one. */
export function allBefore(id: string, items: ReadonlyMap<string, Item>): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (name: string): void => {
    for (const one of items.get(name)?.after ?? []) {
      if (found.has(one)) continue;
      found.add(one);
      walk(one);
    }
  };
  walk(id);
  return found;
}

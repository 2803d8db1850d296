/** What is made of an object once, by whoever asks first. */

/**
 * Remembers what is made of each object for as long as the object is there. What failed is made anew with the next
 * call.
 */
export function oncePer<K extends object, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const made = new WeakMap<K, Promise<V>>();
  return (key) => {
    let known = made.get(key);
    if (known === undefined) {
      made.set(key, (known = make(key)));
      known.catch(() => made.delete(key));
    }
    return known;
  };
}

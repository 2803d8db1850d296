/** Much work of a few milliseconds each, so that others are answered in between. */

/** Those that wait for the log at a time. */
const AT_ONCE = 64;

/**
 * In the order of `items`; one is begun in a turn of the event loop.
 * @throws what the first that failed threw; then no more are begun
 */
export async function eachInTurn<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
  most = AT_ONCE,
): Promise<readonly R[]> {
  const results: R[] = [];
  const under = new Set<Promise<void>>();
  let failed = false;
  for (const [at, item] of items.entries()) {
    await new Promise((resolve) => setImmediate(resolve));
    if (failed || under.size >= most) await Promise.race(under);
    const one: Promise<void> = run(item).then((result) => {
      results[at] = result;
      under.delete(one);
    });
    // it stays, so that whoever waits next throws it
    one.catch(() => (failed = true));
    under.add(one);
  }
  await Promise.all(under);
  return results;
}

/**
 * `state-child MODULE PLACE WHO`: a process of its own that opens a store and commits until it is killed, telling of
 * each commit once that is durable.
 */
import type { StateDriver } from './state.js';

const [, , module = '', place = '', who = ''] = process.argv;
const { driver } = (await import(module)) as { readonly driver: StateDriver };
const state = await driver.open(place);
for (let n = 1; ; n++) {
  const { revision } = await state.commit([
    { do: 'append', stream: `child ${who}`, after: n - 1, events: [n] },
    { do: 'count', counter: 'children', by: 1 },
  ]);
  process.send?.({ n, revision });
}

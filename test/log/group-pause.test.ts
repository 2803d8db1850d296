/** When a group waits for more entries: only where they come quickly, and never for long. */
import t from 'tap';
import { GroupPause } from '../../gateway/log/journal/group-pause.js';

/** ms that signing and syncing a group takes. */
const COMMIT = 0.3;

/**
 * Clients that each ask again so many ms after their answer, for `ms`; time is simulated.
 * @returns the longest pause, and entries a group
 */
function closedLoop(clients: number, thinking: number, ms: number, pauses = new GroupPause(), from = 0) {
  const due = Array.from({ length: clients }, (_, i) => from + (i * thinking) / clients);
  let now = from;
  let longest = 0;
  let groups = 0;
  let entries = 0;
  while (now < from + ms) {
    now = Math.max(now, Math.min(...due));
    const waiting = (): number => due.filter((at) => at <= now).length;
    const pause = pauses.pause(waiting(), now);
    longest = Math.max(longest, pause);
    now += pause;
    const count = waiting();
    pauses.groupClosed(count, now);
    now += COMMIT;
    let left = count;
    for (const [i, at] of due.entries()) if (at <= now && left-- > 0) due[i] = now + thinking;
    groups++;
    entries += count;
  }
  return { longest, perGroup: entries / groups, end: now };
}

t.test('who asks one question after the other waits for nobody, nor do two', (t) => {
  for (const thinking of [0.2, 0.3, 1, 20])
    t.equal(closedLoop(1, thinking, 200).longest, 0, `one client, again after ${String(thinking)} ms`);
  for (const thinking of [0.4, 1, 20]) t.equal(closedLoop(2, thinking, 200).longest, 0, `two, ${String(thinking)} ms`);
  t.end();
});

t.test('where entries come quickly a group waits for at most half a millisecond, and holds more', (t) => {
  const { longest, perGroup } = closedLoop(32, 4, 400);
  t.ok(longest > 0 && longest <= 0.5, String(longest));
  // without a pause a group holds what came during the commit before it
  t.ok(perGroup > 1.5 * (32 / (4 + 2 * COMMIT)) * COMMIT, `${String(perGroup)} entries a group`);
  t.end();
});

t.test('a group that holds enough waits no longer, and what came long ago is not waited for', (t) => {
  const pauses = new GroupPause();
  t.equal(pauses.pause(1, 0), 0, 'at first nothing is expected');
  const { end } = closedLoop(64, 2, 200, pauses);
  t.ok(pauses.pause(1, end) > 0);
  t.equal(pauses.pause(24, end), 0);
  t.equal(pauses.pause(500, end), 0);
  t.equal(pauses.pause(1, end + 50), 0, 'the crowd left 50 ms ago');
  t.equal(closedLoop(1, 1, 50, pauses, end + 50).longest, 0, 'and one client goes on alone');
  t.end();
});

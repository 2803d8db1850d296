/**
 * The plan of the house (docs/architecture.md), over the real imports: wings import downwards only, rooms of a floor do
 * not import one another in a circle, and a floor has at most ten rooms.
 */
import t from 'tap';
import { sources } from './sources.js';

/** Lowest first; a wing imports from itself and from those before it. */
const LAYERS = ['contracts', 'policies', 'connectors', 'gateway'];
const WINGS = ['ground', 'log', 'answer', 'procedures', 'documents', 'http', 'operate', 'cli'];
/**
 * The client stands apart: programs of others take it without the rest. The part of it that belongs to a route stands in
 * the folder of the route, and takes nothing else of there.
 */
const PART_OF_CLIENT = /^gateway\/http\/api\/[^/]+\/client\.ts$/;
const CLIENT_MAY_TAKE =
  /^(?:gateway\/client\/|gateway\/log\/proof\/|gateway\/documents\/model\/model\.ts$|contracts\/)/;
/** Floors whose rooms are alike, each found by its folder and named nowhere else: they may be many. */
const COLLECTIONS = new Set(['gateway/http/api', 'gateway/http/console', 'connectors/sources', 'connectors/feeds']);
const MOST_ROOMS = 10;

const all = sources();
const imports = all.flatMap(({ file, imports }) => [...imports.keys()].map((to) => ({ file, to })));
const at = (file: string, depth: number): string => file.split('/')[depth] ?? '';

t.test('nothing imports upwards', (t) => {
  const upwards = imports.filter(({ file, to }) => {
    if (at(file, 0) !== at(to, 0)) return LAYERS.indexOf(at(to, 0)) > LAYERS.indexOf(at(file, 0));
    if (at(file, 0) !== 'gateway' || at(file, 1) === 'client') return false;
    return WINGS.indexOf(at(to, 1)) > WINGS.indexOf(at(file, 1));
  });
  t.same(upwards, []);
  const wings = new Set(all.filter(({ file }) => at(file, 0) === 'gateway').map(({ file }) => at(file, 1)));
  t.same([...wings].sort(), [...WINGS, 'client'].sort(), 'each wing is in the plan');
  t.end();
});

t.test('the client takes the pure part of the log, and nothing of the server', (t) => {
  t.same(
    imports.filter(
      ({ file, to }) =>
        (file.startsWith('gateway/client/') || PART_OF_CLIENT.test(file)) &&
        !CLIENT_MAY_TAKE.test(to) &&
        !PART_OF_CLIENT.test(to),
    ),
    [],
  );
  t.ok(imports.some(({ file, to }) => file.startsWith('gateway/client/') && PART_OF_CLIENT.test(to)));
  t.end();
});

t.test('rooms of one floor do not import one another in a circle', (t) => {
  const floors = new Map<string, Map<string, Set<string>>>();
  for (const { file, to } of imports) {
    const [a, b] = [file.split('/'), to.split('/')];
    let depth = 0;
    while (a[depth] === b[depth]) depth++;
    const floor = a.slice(0, depth).join('/');
    const rooms = floors.get(floor) ?? new Map<string, Set<string>>();
    floors.set(floor, rooms);
    const from = a[depth] ?? '';
    rooms.set(from, (rooms.get(from) ?? new Set()).add(b[depth] ?? ''));
  }
  t.ok(floors.size > 30, `${String(floors.size)} floors`);
  for (const [floor, rooms] of floors) t.same(circleIn(rooms), [], floor === '' ? 'the top' : floor);
  t.end();
});

t.test(`a floor has at most ${String(MOST_ROOMS)} rooms, but for collections of what is alike`, (t) => {
  const rooms = new Map<string, Set<string>>();
  for (const { file } of all) {
    const parts = file.split('/');
    for (let depth = 1; depth < parts.length - 1; depth++) {
      const floor = parts.slice(0, depth).join('/');
      rooms.set(floor, (rooms.get(floor) ?? new Set()).add(parts[depth] ?? ''));
    }
  }
  for (const [floor, found] of rooms)
    if (!COLLECTIONS.has(floor)) t.ok(found.size <= MOST_ROOMS, `${floor} has ${String(found.size)} rooms`);
  t.end();
});

/** Rooms of a circle, in its order; empty where there is none. */
function circleIn(rooms: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>();
  const walk = (room: string, way: readonly string[]): readonly string[] => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
    if (done.has(room)) return [];
    for (const next of rooms.get(room) ?? []) {
      const found = walk(next, [...way, room]);
      if (found.length > 0) return found;
    }
    done.add(room);
    return [];
  };
  for (const room of rooms.keys()) {
    const found = walk(room, []);
    if (found.length > 0) return found;
  }
  return [];
}

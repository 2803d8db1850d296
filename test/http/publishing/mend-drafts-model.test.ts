/**
 * Drafts of mends over time, against a small model: proposed, approved, written, withdrawn, undone, while the file
 * changes under them, steps are taken by what somebody saw before, processes are killed between approval and file, and
 * the state is opened anew. Nothing is in force that a second person did not approve, and the file alone says what is.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { digestOfFeed, textOfFeed, withField, writeFeed } from '../../../gateway/http/publishing/feed-file.js';
import {
  type Draft,
  type DraftContent,
  type MendDrafts,
  type Officer,
  openMendDrafts,
  type Standing,
  standingOf,
} from '../../../gateway/http/publishing/mend-drafts.js';
import { sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';

const DATASET = 'office.shops';
/** On a page, and by two systems that write them otherwise. */
const ways = (sub: string): readonly Officer[] => [
  { id: `https://idp.example|${sub}`, name: `${sub} by name` },
  { id: `client:desk|${sub.toUpperCase()}`, name: `${sub} by name`, via: 'desk' },
  { id: `client:back| ${sub}`, name: `${sub} by name`, via: 'back' },
];
const OFFICERS = ['a', 'b', 'c'].flatMap(ways);
/** Who it is. */
const whoOf = ({ id }: Officer): string => (id.split('|')[1] ?? '').trim().toLowerCase();

/** Deterministic, so that a failure can be met again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

interface Modelled {
  readonly by: string;
  readonly before: string;
  readonly after: string;
  readonly undoes?: string;
  state: 'proposed' | 'withdrawn' | 'approved';
  approver?: string;
  /** The file was seen to say it. */
  seen: boolean;
  undone: boolean;
}

class Model {
  file: string;
  readonly drafts = new Map<string, Modelled>();

  constructor(file: string) {
    this.file = file;
  }

  standing({ state, before, after, undone, seen }: Modelled): Standing {
    if (state === 'withdrawn') return 'withdrawn';
    if (state === 'proposed') return this.file === before ? 'open' : 'outdated';
    if (this.file === after) return 'in-force';
    if (undone) return 'undone';
    return !seen && this.file === before ? 'waiting' : 'replaced';
  }
}

const counts = { looked: 0, good: 0, skipped: 0, otherwise: 0, same: 0, goodOfOthers: 0 };
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
  );

class Town {
  readonly feed: { readonly file: string };
  readonly model: Model;
  #state;
  #keys;
  #next = 0;
  drafts: MendDrafts;
  now = Date.now();

  constructor(readonly dir: string) {
    mkdirSync(join(dir, 'feeds'), { recursive: true });
    this.feed = { file: join(dir, 'feeds', 'shops.json') };
    const text = JSON.stringify({
      schedule: 'P1D',
      mapping: { nulls: ['-'], fields: { code: { from: 'code' }, other: { from: 'x' } } },
    });
    writeFileSync(this.feed.file, text);
    this.model = new Model(digestOfFeed(text));
    this.#state = openEmbeddedState({ dir: join(dir, 'state') });
    this.#keys = sealingKeysOf(join(dir, 'keys'));
    this.drafts = openMendDrafts(this.#state, this.#keys, () => this.now);
  }

  async restart(): Promise<void> {
    await this.close();
    this.#state = openEmbeddedState({ dir: join(this.dir, 'state') });
    this.#keys = sealingKeysOf(join(this.dir, 'keys'));
    this.drafts = openMendDrafts(this.#state, this.#keys, () => this.now);
  }

  async close(): Promise<void> {
    await this.#keys.close();
    await this.#state.close();
  }

  text(): string {
    return readFileSync(this.feed.file, 'utf8');
  }

  /** Whatever was never said before. */
  changed(): string {
    this.#next += 1;
    const mapping = { fields: { code: { from: 'code', steps: [{ stripPrefix: String(this.#next) }] } } } as const;
    return withField(this.text(), 'code', mapping);
  }

  content(after: string, undoes?: string): DraftContent {
    const before = this.text();
    return {
      dataset: DATASET,
      cause: { code: 'bad_value', field: 'code' },
      parts: [],
      ...(undoes === undefined ? {} : { undoes }),
      before: { digest: digestOfFeed(before), text: before },
      after: { digest: digestOfFeed(after), text: after },
      held: counts,
      source: 'pushed',
    };
  }

  async propose(by: Officer, after: string, undoes?: string): Promise<Draft | undefined> {
    const open = [...this.model.drafts.values()].filter(({ state }) => state === 'proposed').length;
    const content = this.content(after, undoes);
    if (open >= 20) {
      t.equal(await codeOf(this.drafts.add(content, by)), 'bad_request', 'too many wait');
      return undefined;
    }
    const draft = await this.drafts.add(content, by);
    this.model.drafts.set(draft.id, {
      by: whoOf(by),
      before: content.before.digest,
      after: content.after.digest,
      ...(undoes === undefined ? {} : { undoes }),
      state: 'proposed',
      seen: false,
      undone: false,
    });
    return draft;
  }

  /** As the routes do it. @param killed between approval and file @param seen the draft as it was looked at */
  async approve(seen: Draft, by: Officer, killed: boolean): Promise<void> {
    const modelled = this.model.drafts.get(seen.id);
    if (modelled === undefined) throw new Error('the model does not know it');
    const open = standingOf(seen, digestOfFeed(this.text())) === 'open';
    const outcome = await codeOf(
      (async () => {
        await this.drafts.refuseSame(seen, by);
        if (!open) throw Object.assign(new Error('not open'), { code: 'state_conflict' });
        const approved = await this.drafts.approve(seen, by);
        if (killed) return;
        await writeFeed(this.feed, approved.before.digest, approved.after.text);
        await this.drafts.applied(approved);
      })(),
    );
    const expected =
      whoOf(by) === modelled.by
        ? 'second_person_needed'
        : open && modelled.state === 'proposed'
          ? 'done'
          : 'state_conflict';
    t.equal(outcome, expected, `approved by ${by.id} while it is ${modelled.state}`);
    if (expected !== 'done') return;
    modelled.state = 'approved';
    modelled.approver = whoOf(by);
    const undone = this.model.drafts.get(modelled.undoes ?? '');
    if (undone !== undefined) undone.undone = true;
    if (killed) return;
    this.model.file = modelled.after;
    modelled.seen = true;
  }

  async write(draft: Draft): Promise<void> {
    const modelled = this.model.drafts.get(draft.id);
    if (modelled === undefined || this.model.standing(modelled) !== 'waiting') return;
    await writeFeed(this.feed, draft.before.digest, draft.after.text);
    await this.drafts.applied(draft);
    this.model.file = modelled.after;
    modelled.seen = true;
  }

  /** What everybody sees, and what the model says of it. */
  async compare(): Promise<void> {
    const digest = digestOfFeed(await textOfFeed(this.feed));
    t.equal(digest, this.model.file, 'the file says what the model says');
    const waits = [...this.model.drafts].flatMap(([id, { state }]) => (state === 'proposed' ? [id] : []));
    t.strictSame(
      (await this.drafts.undecided('office', 100)).map(({ id }) => id),
      waits,
      'what nobody decided on',
    );
    for (const [id, modelled] of this.model.drafts) {
      const draft = await this.drafts.find(DATASET, id);
      const standing = standingOf(draft, digest);
      const expected = this.model.standing(modelled);
      if (standing !== expected) t.equal(standing, expected, `draft ${id}`);
      if (standing === 'in-force') {
        await this.drafts.applied(draft);
        modelled.seen = true;
        if (modelled.approver === undefined || modelled.approver === modelled.by)
          t.fail('in force without a second person');
      }
    }
  }
}

for (const seed of [1, 2, 3, 4])
  t.test(`drafts and the file of their feed stay what the model says (${String(seed)})`, async (t) => {
    const random = numbers(seed * 7919);
    const one = <T>(all: readonly T[]): T | undefined => all[random(all.length)];
    const town = new Town(t.testdir());
    /** As somebody looked at them, some long ago. */
    const seen: Draft[] = [];
    for (let step = 0; step < 160; step++) {
      town.now += 1000;
      const by = one(OFFICERS) ?? { id: 'x|a', name: 'a by name' };
      const stale = one(seen);
      const fresh = stale === undefined ? undefined : await town.drafts.find(DATASET, stale.id);
      const chance = random(100);
      if (chance < 25 || stale === undefined || fresh === undefined) {
        const draft = await town.propose(by, town.changed());
        if (draft !== undefined) seen.push(draft);
      } else if (chance < 55) await town.approve(random(2) === 0 ? stale : fresh, by, random(4) === 0);
      else if (chance < 65) {
        const modelled = town.model.drafts.get(stale.id);
        const outcome = await codeOf(town.drafts.withdraw(stale, by));
        t.equal(
          outcome,
          modelled?.state === 'proposed' ? 'done' : 'state_conflict',
          'withdrawn once, before it is approved',
        );
        if (modelled?.state === 'proposed') modelled.state = 'withdrawn';
      } else if (chance < 75) {
        if (standingOf(fresh, digestOfFeed(town.text())) !== 'in-force') continue;
        const draft = await town.propose(by, fresh.before.text, fresh.id);
        if (draft !== undefined) seen.push(draft);
      } else if (chance < 85) await town.write(fresh);
      else if (chance < 90) {
        // somebody changes the file by hand, or hands on what was approved, laid out otherwise
        const text = random(2) === 0 || fresh.approved === undefined ? town.changed() : fresh.after.text;
        writeFileSync(town.feed.file, JSON.stringify(JSON.parse(text)));
        town.model.file = digestOfFeed(text);
      } else if (chance < 95) await town.restart();
      else t.equal(await codeOf(town.drafts.find('office.others', stale.id)), 'not_found', 'of another dataset');
      await town.compare();
    }
    const all = await town.drafts.list(DATASET);
    t.ok(all.length > 20);
    const inForce = all.filter((draft) => standingOf(draft, town.model.file) === 'in-force');
    for (const draft of inForce) t.match(await town.drafts.names(draft), { proposed: /by name/, decided: /by name/ });
    t.notMatch(JSON.stringify(all), /by name/, 'names stand sealed');
    await town.close();
  });

t.test('a file that says something else by now is never overwritten', async (t) => {
  const town = new Town(t.testdir());
  const before = digestOfFeed(town.text());
  const after = town.changed();
  writeFileSync(town.feed.file, town.changed());
  t.equal(await codeOf(writeFeed(town.feed, before, after)), 'state_conflict');
  await town.close();
});

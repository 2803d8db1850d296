/**
 * A case as one would tell it, small enough to be believed: knows nothing of the engine. What an act is answered with,
 * and how each item stands then.
 */
import type { Plan } from '../../../gateway/procedures/cases/plan.js';

/** What is tried: by whom, and what. */
export interface Try {
  /** `''` is who applies. */
  readonly by: string;
  readonly act: string;
  readonly item?: string;
  readonly task?: string;
  readonly step?: string;
  readonly port?: string;
  readonly outcome?: string;
  /** Of a grant: whether all that it needs comes with it. */
  readonly whole?: boolean;
  /** Of a rating. */
  readonly grade?: 1 | 2 | 3 | 4 | 5;
}

export class Naive {
  phase = 'draft';
  readonly #plan: Plan;
  readonly status = new Map<string, string>();
  readonly tasks = new Map<string, 'open' | 'done'>();
  readonly #asked = new Set<string>();
  readonly #did = new Map<string, Set<string>>();
  /** How often each item took effect, each message was due. */
  readonly effects = new Map<string, number>();
  messages = 0;
  rating: 'none' | 'low' | 'answered' | 'good' = 'none';

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  #is(item: string, ...one: string[]): boolean {
    return one.includes(this.status.get(item) ?? 'none');
  }

  #set(item: string, status: string): void {
    if (status === 'granted') this.effects.set(item, (this.effects.get(item) ?? 0) + 1);
    this.status.set(item, status);
  }

  #stepDone(step: string): boolean {
    const did = this.#did.get(step) ?? new Set();
    const uses = this.#plan.steps[step]?.uses ?? [];
    const fetched = did.has('post') || did.has('collect');
    return uses.every((use) => use === 'form' || did.has(use) || (fetched && (use === 'post' || use === 'collect')));
  }

  over(): boolean {
    if (this.phase === 'delivered' || this.phase === 'withdrawn') return true;
    return this.phase === 'decided' && ![...this.status.values()].includes('granted');
  }

  /** What others built on has happened. */
  #bound(): boolean {
    return Object.values(this.#plan.items).some((item) =>
      [...item.after, item.prepared ?? ''].some((one) => this.#is(one, 'granted')),
    );
  }

  #drop(item: string): void {
    if (this.#is(item, 'waiting', 'held', 'supplement', 'prepared')) this.#set(item, 'dropped');
    else if (this.#is(item, 'granted')) this.#set(item, 'undone');
  }

  /** Again and again, until nothing follows any more. */
  #follow(): void {
    const { items, steps } = this.#plan;
    for (let round = 0; round < 100; round++)
      for (const [id, item] of Object.entries(items)) {
        if (this.#is(id, 'prepared')) {
          if (this.#is(item.prepared ?? '', 'granted')) this.#set(id, 'granted');
          if (this.#is(item.prepared ?? '', 'refused', 'undone', 'dropped', 'passed')) this.#set(id, 'dropped');
        }
        if (!this.#is(id, 'waiting')) continue;
        if (
          Object.keys(items).some((one) => items[one]?.prepared === id && this.#is(one, 'refused', 'dropped', 'undone'))
        ) {
          this.#set(id, 'dropped');
          continue;
        }
        if (item.after.some((one) => this.#is(one, 'waiting', 'held', 'supplement'))) continue;
        const good = item.after.filter((one) => this.#is(one, 'granted', 'prepared', 'passed'));
        if (item.after.length > 0 && good.length === 0) this.#set(id, 'dropped');
        else if (Object.entries(steps).every(([step, { before }]) => before !== id || this.#stepDone(step)))
          this.#set(id, 'held');
      }
    if (this.phase !== 'submitted' && this.phase !== 'decided') return;
    if ([...this.status.values()].some((one) => ['waiting', 'held', 'supplement', 'prepared'].includes(one))) return;
    this.phase = 'decided';
    const delivery = Object.keys(steps).filter((step) => steps[step]?.before === 'delivery');
    if (!this.over() && delivery.every((step) => this.#stepDone(step))) this.phase = 'delivered';
  }

  /** @returns what it is answered with */
  try(one: Try): 'done' | 'act_refused' | 'act_incomplete' {
    const was = this.phase;
    const answer = this.#answer(one);
    if (answer !== 'done') return answer;
    this.#follow();
    if (one.by !== '' || (was !== 'delivered' && this.phase === 'delivered')) this.messages++;
    return answer;
  }

  #answer({
    by,
    act,
    item = '',
    task = '',
    step = '',
    port = '',
    outcome = '',
    whole = true,
    grade = 5,
  }: Try): 'done' | 'act_refused' | 'act_incomplete' {
    const no = 'act_refused';
    const { items, steps, outcomes } = this.#plan;
    if (act === 'settle') {
      if (this.tasks.get(task) !== 'open' || outcomes[task]?.task?.owner !== by) return no;
      this.tasks.set(task, 'done');
      return 'done';
    }
    if (act === 'rate') {
      const ended = this.phase !== 'draft' && this.phase !== 'submitted' && this.status.size > 0;
      if (by !== '' || !ended || this.rating !== 'none') return no;
      this.rating = grade < 3 ? 'low' : 'good';
      return 'done';
    }
    if (act === 'answer') {
      if (by !== this.#plan.authority || this.rating !== 'low') return no;
      this.rating = 'answered';
      return 'done';
    }
    if (this.over()) return no;
    if (act === 'save') {
      if (by !== '' || this.phase !== 'draft') return no;
      for (const did of this.#did.values()) did.delete('signature');
      return 'done';
    }
    if (act === 'submit') {
      if (by !== '' || this.phase !== 'draft' || Object.keys(items).length === 0) return no;
      if (Object.keys(steps).some((one) => steps[one]?.before === 'filing' && !this.#stepDone(one)))
        return 'act_incomplete';
      this.phase = 'submitted';
      for (const id of Object.keys(items)) this.status.set(id, 'waiting');
      return 'done';
    }
    if (act === 'step') {
      const before = steps[step]?.before;
      const time =
        before === 'filing'
          ? this.phase === 'draft'
          : before === 'delivery'
            ? this.phase === 'decided'
            : this.phase === 'submitted' && this.#is(before ?? '', 'waiting');
      const did = this.#did.get(step) ?? new Set();
      const fetched = did.has('post') || did.has('collect');
      const twice = did.has(port) || (fetched && (port === 'post' || port === 'collect'));
      if (by !== '' || !time || port === 'form' || twice || !steps[step]?.uses.includes(port as never)) return no;
      this.#did.set(step, new Set([...did, port]));
      return 'done';
    }
    if (act === 'withdraw' || act === 'stop') {
      const may =
        act === 'withdraw'
          ? by === '' && this.phase !== 'decided'
          : this.phase === 'submitted' && by === this.#plan.authority && outcomes[outcome]?.kind === 'withdrawn';
      if (!may || this.#bound()) return no;
      this.phase = 'withdrawn';
      for (const id of Object.keys(items)) if (!this.#is(id, 'granted')) this.#drop(id);
      if (act === 'stop') for (const id of outcomes[outcome]?.undone ?? []) this.#drop(id);
      return 'done';
    }
    const planned = items[item];
    if (planned === undefined || this.phase !== 'submitted') return no;
    if (act === 'give') {
      if (by !== '' || !this.#is(item, 'supplement')) return no;
      this.#set(item, 'held');
      return 'done';
    }
    if (by !== planned.authority || !this.#is(item, 'held')) return no;
    if (act === 'ask') {
      if (planned.told || this.#asked.has(item)) return no;
      this.#asked.add(item);
      this.#set(item, 'supplement');
    } else if (act === 'pass') {
      if (planned.sure) return no;
      this.#set(item, 'passed');
    } else if (act === 'grant') {
      if (!whole && planned.unknown.length + planned.issues.length > 0) return 'act_incomplete';
      this.#set(item, planned.prepared === undefined ? 'granted' : 'prepared');
    } else {
      if (planned.told) return no;
      this.#set(item, 'refused');
      const found = Object.keys(outcomes).find((id) => outcomes[id]?.item === item);
      for (const one of outcomes[found ?? '']?.undone ?? []) this.#drop(one);
      if (found !== undefined && outcomes[found]?.task !== undefined) this.tasks.set(found, 'open');
    }
    return 'done';
  }
}

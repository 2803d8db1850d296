/**
 * Who belongs to whom. Companies stand in blocks; all relations of a company are within its block, so any company's are
 * known from its number alone and a million of them need no more memory than one block. A company only ever depends on
 * one with a smaller number: relations have no cycle.
 */
import { mix, saltOf, unit, weighted } from './draws.js';
import { below, complain, entriesOf, keysOf, type Node, numberOf } from './language.js';
import { follow, type Member, type Stake } from './scope.js';

export interface Groups {
  readonly block: number;
  /** Size of a group from a draw. */
  readonly size: (u: number, v: number) => number;
  /** Of a group's members, those that are branches without legal personality. */
  readonly branches: number;
  /** Companies outside the group that hold a minority of one. */
  readonly minority: number;
}

/** `{ "block": 128, "sizes": { "1": 80, "2-5": 12, "6-90": 1 }, "branches": 0.5, "minority": 0.06 }` */
export function groups(node: Node | undefined): Groups {
  if (node === undefined) return { block: 1, size: () => 1, branches: 0, minority: 0 };
  const parts = keysOf(node, ['block', 'sizes', 'branches', 'minority']);
  const sizes = Object.entries(entriesOf(parts['sizes'] as Node)).map(([range, weight]) => {
    const found =
      /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? complain(weight, 'must be named by a size, `3`, or a range, `3-9`');
    const from = Number(found[1]);
    return { from, to: Number(found[2] ?? from), weight: numberOf(weight, 0) };
  });
  if (sizes.length === 0) complain(below(node, undefined, 'sizes'), 'must name a size');
  const one = weighted(
    sizes,
    sizes.map(({ weight }) => weight),
  );
  return {
    block: numberOf(parts['block'] as Node, 1, 4096),
    size: (u, v) => {
      const { from, to } = one(u);
      return from + Math.floor(v * (to - from + 1));
    },
    branches: numberOf(parts['branches'] as Node, 0, 1),
    minority: numberOf(parts['minority'] as Node, 0, 1),
  };
}

const SALT = {
  size: saltOf('groups/size'),
  within: saltOf('groups/within'),
  role: saltOf('groups/role'),
  leader: saltOf('groups/leader'),
  share: saltOf('groups/share'),
  minority: saltOf('groups/minority'),
};

const percent = (hundredths: number): string => (hundredths / 100).toFixed(2);

/** Ties the members of one block together. `since` names the attribute that says from when a member exists. */
export function relate(members: readonly Member[], rules: Groups, seed: number, since: string): void {
  const draw = (salt: number, member: Member, turn = 0): number => unit(mix(seed, salt, member.index, turn));
  for (let at = 0; at < members.length; ) {
    const head = members[at] as Member;
    const group = members.slice(at, at + Math.max(1, rules.size(draw(SALT.size, head), draw(SALT.within, head))));
    const firms = [head];
    for (const member of group.slice(1)) {
      // most hang on the head; a few make a chain
      const at = draw(SALT.leader, member) < 0.75 ? 0 : Math.floor(draw(SALT.leader, member, 1) * firms.length);
      member.leader = firms[at] ?? head;
      member.leader.dependents++;
      member.role = draw(SALT.role, member) < rules.branches ? 'branch' : 'subsidiary';
      if (member.role === 'subsidiary') firms.push(member);
    }
    if (group.length > 1) head.role = 'head';
    at += group.length;
  }
  for (const member of members) if (member.role !== 'branch') hold(member, members, rules, draw, since);
}

function hold(
  member: Member,
  members: readonly Member[],
  rules: Groups,
  draw: (salt: number, member: Member, turn?: number) => number,
  since: string,
): void {
  let left = 10_000;
  const take = (holder: Member | null, hundredths: number): void => {
    const stake: Stake = { holder, held: member, share: percent(hundredths) };
    left -= hundredths;
    member.holders.push(stake);
    holder?.holdings.push(stake);
  };
  const { leader } = member;
  if (leader !== null)
    take(leader, draw(SALT.share, member) < 0.4 ? 10_000 : 5_100 + Math.floor(draw(SALT.share, member, 1) * 40) * 100);
  if (left > 0 && draw(SALT.minority, member) < rules.minority) {
    const first = members[0] as Member;
    const other = members[Math.floor(draw(SALT.minority, member, 1) * (member.index - first.index))];
    if (
      other !== undefined &&
      other !== member &&
      other !== leader &&
      other.role !== 'branch' &&
      earlier(other, member, since)
    ) {
      other.dependents++;
      take(other, Math.min(left, 500 + Math.floor(draw(SALT.minority, member, 2) * 25) * 100));
    }
  }
  for (let turn = 2; left > 0; turn++) {
    const part =
      turn === 4 ? left : Math.min(left, Math.ceil((left * (0.4 + draw(SALT.share, member, turn) * 0.6)) / 500) * 500);
    take(null, part);
  }
}

/** ISO dates compare as text. */
function earlier(one: Member, other: Member, since: string): boolean {
  const [first, second] = [follow(one, since), follow(other, since)];
  return typeof first === 'string' && typeof second === 'string' && first <= second;
}

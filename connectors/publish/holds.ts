/**
 * Which records that left a snapshot are withdrawn, and which are held because a row that cannot be read may be theirs.
 * Pure.
 *
 * A row that cannot be read is known over the runs by what it holds, not by its place or by how many there are. Only
 * one that is new since the last whole run holds anything: what it could stand for by its subject, its record id or the
 * rest of it, and all that left in the same run where nothing of that fits. What it holds stays held while it stands in
 * the source, until the record is named again or somebody releases it.
 */

import { hash } from 'node:crypto';
import { recordKey } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import type { Partly } from './identity.js';
import type { Gone } from './publisher.js';
import type { Held } from './state.js';

/** A row of which nobody can say which record it is, as this run saw it. */
export interface Unreadable extends Partly {
  readonly position: string;
  /** Of the columns that name the record. */
  readonly key: string;
  /** Of all that was read of it; absent where only the key was looked at. */
  readonly whole?: string;
  /** As in `Published`; empty where it is not known. */
  readonly rest: string;
}

/** The same between the runs. */
interface KnownRow {
  readonly id: string;
  readonly key: string;
  readonly whole?: string;
  /** It has a record id that can be read: then its key and that id are enough to know it by. */
  readonly named?: true;
}

/** What the last whole run left. */
export interface Before {
  readonly rows: readonly KnownRow[];
  /** Rows that hold together what fits none of them: name → ids. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly held: readonly Held[];
}

interface Judged {
  /** Left, and no row that cannot be read may be theirs. */
  readonly withdraw: readonly Gone[];
  /** All that is held from now on. */
  readonly held: readonly Held[];
  /** Held before, and not any more: named again, released with their row, or withdrawn elsewhere. */
  readonly over: readonly Held[];
  readonly rows: readonly KnownRow[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** Places that a held record names, for people. */
const POSITIONS = 3;

/** 12 characters; the text itself is not kept. */
export const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, 12);

const recordName = ({ subject, recordId }: { readonly subject: string; readonly recordId: string }): string =>
  recordKey(subject, recordId);

function listed<T>(of: readonly T[], name: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of of) {
    const key = name(one);
    const list = found.get(key);
    if (list === undefined) found.set(key, [one]);
    else list.push(one);
  }
  return found;
}

/** Which of the rows stood there before, each row of before at most once. */
function recognise(now: readonly Unreadable[], before: readonly KnownRow[]): Map<Unreadable, KnownRow> {
  const found = new Map<Unreadable, KnownRow>();
  const free = new Set(before);
  const by = (known: (row: KnownRow) => string | undefined, seen: (row: Unreadable) => string | undefined): void => {
    const places = listed(
      [...free].filter((row) => known(row) !== undefined),
      (row) => known(row) ?? '',
    );
    for (const row of now) {
      const name = found.has(row) ? undefined : seen(row);
      const same = name === undefined ? undefined : places.get(name)?.pop();
      if (same === undefined) continue;
      found.set(row, same);
      free.delete(same);
    }
  };
  by(
    (row) => row.whole,
    (row) => row.whole,
  );
  // a look at the keys alone, now or then
  by(
    (row) => row.key,
    (row) => (row.whole === undefined ? row.key : undefined),
  );
  by(
    (row) => (row.whole === undefined ? row.key : undefined),
    (row) => row.key,
  );
  // edited elsewhere; a key alone is no identity, as many rows may have the same wrong one
  by(
    (row) => (row.named === true ? row.key : undefined),
    (row) => (hasId(row) ? row.key : undefined),
  );
  return found;
}

const hasId = ({ recordId }: Unreadable): boolean => recordId !== undefined && recordId !== '';

/** @param run its name, for the ids of rows that are new; `gone`: what is published and was not named by it */
export function judgeGone(
  run: string,
  time: string,
  now: readonly Unreadable[],
  gone: readonly Gone[],
  before: Before,
): Judged {
  const known = recognise(now, before.rows);
  const ids = new Map(now.map((row) => [row, known.get(row)?.id ?? digest(`${run}|${row.position}`)]));
  const here = new Set(ids.values());
  const stands = (by: string): boolean => here.has(by) || (before.groups[by]?.some((id) => here.has(id)) ?? false);
  const heldBefore = new Map(before.held.map((held) => [recordName(held), held]));

  const holders = new Map<string, { readonly by: Set<string>; readonly positions: Set<string> }>();
  const hold = (one: Gone, by: string, position: string): void => {
    const name = recordName(one);
    const holder = holders.get(name) ?? { by: new Set(), positions: new Set() };
    holders.set(name, holder);
    holder.by.add(by);
    if (holder.positions.size < POSITIONS) holder.positions.add(position);
  };
  const unmatched: Unreadable[] = [];
  const fresh = now.filter((row) => !known.has(row));
  if (fresh.length > 0 && gone.length > 0) {
    const bySubject = listed(gone, ({ subject }) => subject);
    const byId = listed(gone, ({ recordId }) => recordId);
    const byRest = listed(gone, ({ rest }) => rest);
    for (const row of fresh) {
      const fits = [
        ...(row.subject === undefined ? [] : (bySubject.get(row.subject) ?? [])),
        ...(row.recordId === undefined || row.recordId === '' ? [] : (byId.get(row.recordId) ?? [])),
        ...(row.rest === '' ? [] : (byRest.get(row.rest) ?? [])),
      ];
      for (const one of fits) hold(one, ids.get(row) ?? '', row.position);
      if (fits.length === 0) unmatched.push(row);
    }
  }
  const groups: Record<string, readonly string[]> = Object.fromEntries(
    Object.entries(before.groups).filter(([name]) => stands(name)),
  );
  if (unmatched.length > 0) {
    const group = `all-${digest(run)}`;
    groups[group] = unmatched.map((row) => ids.get(row) ?? '');
    for (const one of gone) for (const { position } of unmatched.slice(0, POSITIONS)) hold(one, group, position);
  }

  const held: Held[] = [];
  const withdraw: Gone[] = [];
  for (const one of gone) {
    const name = recordName(one);
    const was = heldBefore.get(name);
    const standing = was?.by.filter(stands) ?? [];
    const holder = holders.get(name);
    if (standing.length === 0 && holder === undefined) {
      withdraw.push(one);
      continue;
    }
    held.push({
      subject: one.subject,
      recordId: one.recordId,
      since: was !== undefined && standing.length > 0 ? was.since : time,
      by: [...new Set([...standing, ...(holder?.by ?? [])])],
      positions: [
        ...new Set([...(standing.length > 0 ? (was?.positions ?? []) : []), ...(holder?.positions ?? [])]),
      ].slice(0, POSITIONS),
      ...(was?.kept !== undefined && standing.length > 0 ? { kept: was.kept } : {}),
    });
  }
  const holding = new Set(held.flatMap(({ by }) => by));
  const still = new Set(held.map(recordName));
  return {
    withdraw,
    held,
    over: before.held.filter((one) => !still.has(recordName(one))),
    rows: now.map((row) => ({
      id: ids.get(row) ?? '',
      key: row.key,
      ...present({ whole: row.whole }),
      ...(hasId(row) ? { named: true as const } : {}),
    })),
    groups: Object.fromEntries(Object.entries(groups).filter(([name]) => holding.has(name))),
  };
}

/** Times of an `updated` column: compared as texts, exact to the microsecond, each in the column's own terms. */
import type { Zone } from '../mapping/dates.js';
import type { TimeKind } from './dialect.js';

const MOMENT = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?)?/;

/**
 * `yyyy-MM-ddTHH:mm:ss.ffffff` or `yyyy-MM-dd`; in this form, later is greater. Undefined for no time, and for one that
 * is no day of ours (`infinity`).
 */
export const momentOf = (text: string | null): string | undefined =>
  text === null ? undefined : MOMENT.exec(text)?.[0].replace(' ', 'T');

/** ms since 1970, as if the moment were UTC. */
const millis = (moment: string): number =>
  Date.parse(`${moment.length === 10 ? `${moment}T00:00:00` : moment.slice(0, 23)}Z`);

/** What the clock shows where the column's times are taken, when it is `at` in UTC. */
export function clockOf(at: string, time: TimeKind, zone: Zone | undefined): string {
  if (time === 'instant') return at;
  const utc = millis(at);
  // the offset is asked for by local time; near a change of the clock it may be an hour off, which only makes the next
  // run read more
  const local = new Date(utc + (zone?.(utc) ?? 0)).toISOString().slice(0, -1);
  return time === 'date' ? local.slice(0, 10) : local;
}

/** `ms` before a moment, as a text for the database. */
export function before(moment: string, ms: number, time: TimeKind): string {
  const text = new Date(millis(moment) - ms).toISOString().slice(0, 23).replace('T', ' ');
  return time === 'date' ? text.slice(0, 10) : text;
}

/**
 * ISO 8601 UTC of a row that was changed then; undefined of a day, and of a time that the database's clock has not
 * reached.
 */
export function sourceTimeOf(moment: string, time: TimeKind, zone: Zone | undefined, at: string): string | undefined {
  if (time === 'date') return undefined;
  const local = millis(moment);
  const offset = time === 'instant' ? 0 : zone?.(local);
  if (offset === undefined || Number.isNaN(local) || local - offset > millis(at)) return undefined;
  return new Date(local - offset).toISOString();
}

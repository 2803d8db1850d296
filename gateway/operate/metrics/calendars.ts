/** For how long the declared calendars still cover the days that terms are counted in. */
import { type Calendar, calendarDaysLeft } from '../../../contracts/calendar.js';
import { type Family, gauge } from '../../ground/counts/families.js';

/** @param now ms since 1970 */
export const calendarFigures = (calendars: ReadonlyMap<string, Calendar>, now: number): Family[] => [
  gauge(
    'yitong_calendar_seconds_left',
    [...calendars].map(([calendar, one]) => [{ calendar }, calendarDaysLeft(one, now) * 86_400] as const),
  ),
];

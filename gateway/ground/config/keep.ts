/**
 * How long what piles up is kept: each a term after which it goes by itself. What the law wants kept is the log's own,
 * `audit.keep`.
 */
import { Type } from 'typebox';
import { parseDuration } from '../../../contracts/duration.js';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { strict } from './strict.js';

const term = (of: string, description: string): ReturnType<typeof Type.String> =>
  Type.String({ default: of, maxLength: 20, description: `${description}; ISO 8601 in weeks, days and below` });

export const keepSchema = Type.Object(
  {
    journals: term(
      'P7D',
      'segments of journals of which every entry is in the published log, with its body: the log proves them, ' +
        'and the headers of their groups stay. Longer than the newest backup is old, since a log that is ' +
        'restored reads from the journals what came after it',
    ),
    positions: term(
      'P30D',
      'positions of pushed records: for so long a record that is pushed again under its position is known, and ' +
        'not published twice',
    ),
    quarantine: term(
      'P90D',
      'pushed records in quarantine, from the day on which they came first: whoever pushed them was told at ' +
        'once. Rows of a source leave when the source is read again',
    ),
    alerts: term('P1096D', 'alerts that were acknowledged; the log has the entry of each'),
    tickets: term('P1096D', 'tickets that are over and do nothing to their record; the log has the entry of each act'),
    cases: term(
      'P3653D',
      'cases on which nothing is left to do, since something happened on them last; the log has the entry of each act',
    ),
  },
  strict,
);

type KeepSettings = Readonly<Record<'journals' | 'positions' | 'quarantine' | 'alerts' | 'tickets' | 'cases', string>>;

/** Terms in ms. */
export type KeepTerms = Readonly<Record<keyof KeepSettings, number>>;

/** @throws YitongError `bad_config` */
export function keepTerms(keep: KeepSettings, place: Place): KeepTerms {
  return Object.fromEntries(
    Object.entries(keep).map(([name, text]) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        throw new YitongError(
          'bad_config',
          `\`keep.${name}\` is a term in weeks, days and below, as \`P7D\` or \`PT12H\`, not \`${text}\``,
          { place },
        );
      return [name, ms];
    }),
  ) as Record<keyof KeepSettings, number>;
}

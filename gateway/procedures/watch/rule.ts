/**
 * A watching rule: one file in `rules/`, default-exported, found by its name. It sees each access and each refusal in
 * the log's order and keeps what it needs in a state of its own; it reads no clock and writes nothing.
 */
import { readdir } from 'node:fs/promises';
import { type Place, YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/types.js';

/** One access on record, as rules see it: no subject's key, no name, no value. */
export interface Access {
  /** Log index. */
  readonly index: number;
  /** ms since 1970, of the entry */
  readonly time: number;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  /**
   * Subjects asked about: 1 of a query; of a batch those of the chunk, and then 0 for each of them that is also seen by
   * itself.
   */
  readonly weight: number;
  /** Pseudonym; absent of a batch's chunk, and of a subject that was erased. */
  readonly subject?: string;
  /** Something was allowed, about a subject of the client's own choice. */
  readonly answered: boolean;
  /** Something was answered, and there were records. */
  readonly found: boolean;
  /**
   * How the subject's key lies beside that of the client's query before: 1 close above it, -1 close below, 0 elsewhere
   * or not known.
   */
  readonly step: -1 | 0 | 1;
  /** Keyed references: only the data folder can make them again. */
  readonly actor?: string;
  readonly case?: string;
}

/** Refusals on record, as rules see them. Whoever was refused is one of the three. */
export interface Refusal {
  /** Log index. */
  readonly index: number;
  /** ms since 1970, of the entry */
  readonly time: number;
  readonly client?: string;
  /** Pseudonym. */
  readonly person?: string;
  /** Network address of somebody who was not known. It stands in the entry, and goes into no alert. */
  readonly source?: string;
  /** How many the entry stands for. */
  readonly count: number;
}

interface Threshold {
  readonly default: number;
  readonly minimum: number;
  readonly describe: string;
}
type Thresholds<K extends string> = Readonly<Record<K, number>>;

/** What a rule found at one access. */
export interface Finding {
  /** With the rule's name and `period` this is what the alert is: found again, it is the same alert. */
  readonly key: string;
  /** Begin of the time for which one alert is enough, ms since 1970. */
  readonly period: number;
  readonly client?: string;
  readonly subject?: string;
  readonly actor?: string;
  /** Figures for people: counts, names of purposes, hours. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Log indexes, the newest last; the last `NAMED` of them. */
  readonly entries: readonly number[];
}

/** Log entries that an alert names at most. */
export const NAMED = 100;

/** A rule at work. */
export interface Watching {
  see(access: Access): Finding | undefined;
  /** Only of a rule that looks at refusals. */
  refused?(refusal: Refusal): Finding | undefined;
  /** ms that have to be read again after a restart; 0 where `stored` says all. */
  readonly window: number;
  /** JSON; only of a rule that learns for longer than a window. */
  stored?(): unknown;
}

export interface WatchRule {
  readonly title: Localised;
  /** What it means, and what to do. */
  readonly advice: Localised;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /** @param stored what `stored` returned in an earlier life */
  begin(thresholds: Readonly<Record<string, number>>, stored: unknown): Watching;
}

interface RuleParts<K extends string, S> {
  readonly title: Localised;
  readonly advice: Localised;
  readonly thresholds: Readonly<Record<K, Threshold>>;
  start(thresholds: Thresholds<K>): S;
  /** Changes `state`. */
  see(state: S, access: Access, thresholds: Thresholds<K>): Finding | undefined;
  /** The same of a refusal. */
  refused?(state: S, refusal: Refusal, thresholds: Thresholds<K>): Finding | undefined;
  /** ms; absent: the state is plain JSON and is stored. */
  window?(thresholds: Thresholds<K>): number;
}

/** Declares a rule; its state is its own. */
export function watchRule<K extends string, S>({
  title,
  advice,
  thresholds,
  start,
  see,
  refused,
  window,
}: RuleParts<K, S>): WatchRule {
  return {
    title,
    advice,
    thresholds,
    begin(given, stored) {
      // checked by `readThresholds`; the stored state is the rule's own, under its own name
      const own = given as Thresholds<K>;
      const state = window === undefined && stored !== undefined ? (stored as S) : start(own);
      return {
        see: (access) => see(state, access, own),
        window: window?.(own) ?? 0,
        ...(refused === undefined ? {} : { refused: (refusal) => refused(state, refusal, own) }),
        ...(window === undefined ? { stored: () => state } : {}),
      };
    },
  };
}

export type Rules = ReadonlyMap<string, WatchRule>;

/** All rules of the folder, by name. */
export async function loadRules(folder = new URL('./rules/', import.meta.url)): Promise<Rules> {
  const names = (await readdir(folder))
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -3))
    .sort();
  return new Map(
    await Promise.all(
      names.map(
        async (name): Promise<[string, WatchRule]> => [
          name,
          ((await import(new URL(`${name}.js`, folder).href)) as { default: WatchRule }).default,
        ],
      ),
    ),
  );
}

type WatchSettings = Readonly<Record<string, false | Readonly<Record<string, number>>>>;

/**
 * Thresholds of each rule that is on, by its name.
 * @param given `audit.watch` of yitong.json: rule → thresholds over the defaults, or `false`
 * @throws YitongError `bad_config` for a rule or a threshold that does not exist, or one that is too small
 */
export function readThresholds(
  rules: Rules,
  given: WatchSettings,
  place: Place,
): ReadonlyMap<string, Readonly<Record<string, number>>> {
  const refuse = (message: string): never => {
    throw new YitongError('bad_config', message, { place });
  };
  for (const [name, own] of Object.entries(given)) {
    const rule =
      rules.get(name) ??
      refuse(`\`audit.watch\` has the unknown rule \`${name}\`; there are ${[...rules.keys()].join(', ')}`);
    for (const [key, value] of Object.entries(own === false ? {} : own)) {
      const threshold =
        (Object.hasOwn(rule.thresholds, key) ? rule.thresholds[key] : undefined) ??
        refuse(
          `\`audit.watch.${name}\` has the unknown key \`${key}\`; there are ` +
            `${Object.keys(rule.thresholds).join(', ')}`,
        );
      if (!(value >= threshold.minimum)) refuse(`\`audit.watch.${name}.${key}\` must be at least ${threshold.minimum}`);
    }
  }
  return new Map(
    [...rules].flatMap(([name, { thresholds }]) => {
      const own = given[name];
      if (own === false) return [];
      return [
        [
          name,
          {
            ...Object.fromEntries(Object.entries(thresholds).map(([key, { default: value }]) => [key, value])),
            ...own,
          },
        ],
      ];
    }),
  );
}

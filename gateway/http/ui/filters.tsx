/** By what a list is narrowed: a word, a choice, days. How it stands in the address, as a form, and in words. */
import type { JSX } from 'preact';
import { YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import type { Language } from '../../ground/language/language.js';
import { fromLocal } from '../../ground/language/time.js';
import { type Say, sayIn } from './say.js';

export interface Option {
  readonly value: string;
  readonly title: string;
}

export type Filter =
  | { readonly kind: 'word'; readonly title: Localised }
  | {
      readonly kind: 'choice';
      readonly id: string;
      readonly title: Localised;
      readonly options: readonly Option[];
      /** There are no others: anything else is refused. Absent: what is gone finds nothing. */
      readonly closed?: boolean;
    }
  | { readonly kind: 'period'; readonly title: Localised };

/** By the fields of the address; by what nobody narrows it is absent. */
export type Chosen = Readonly<Partial<Record<string, string>>>;

const DAY = 86_400_000;
const MOST = 100;

const fieldsOf = (filter: Filter): readonly string[] =>
  filter.kind === 'word' ? ['q'] : filter.kind === 'period' ? ['since', 'until'] : [filter.id];

const isValue = (filter: Filter, value: string): boolean => {
  if (value.length > MOST) return false;
  if (filter.kind === 'period') return value.length === 10 && fromLocal(value) !== undefined;
  return filter.kind === 'word' || filter.closed !== true || filter.options.some((one) => one.value === value);
};

/** What the address asks for. @throws YitongError `bad_request` */
export function chosenIn(query: unknown, filters: readonly Filter[]): Chosen {
  const given = query as Readonly<Record<string, unknown>>;
  const chosen: Record<string, string> = {};
  for (const filter of filters)
    for (const field of fieldsOf(filter)) {
      const value = given[field];
      if (value === undefined) continue;
      if (typeof value !== 'string' || (value.trim() !== '' && !isValue(filter, value.trim())))
        throw new YitongError('bad_request', 'the filter has a value that does not exist');
      if (value.trim() !== '') chosen[field] = value.trim();
    }
  return chosen;
}

/** What of it may stand in an entry of the log: days, and choices that there are. Nothing that somebody typed. */
export const choicesIn = (filters: readonly Filter[], chosen: Chosen): Chosen =>
  Object.fromEntries(
    filters
      .filter(({ kind }) => kind !== 'word')
      .flatMap((filter) => fieldsOf(filter).map((field) => ({ filter, field, value: chosen[field] })))
      .flatMap(({ filter, field, value }): [string, string][] =>
        value === undefined || (filter.kind === 'choice' && !filter.options.some((one) => one.value === value))
          ? []
          : [[field, value]],
      ),
  );

/** ms since 1970; the last day is in it, its end is not. */
export const periodOf = ({ since, until }: Chosen): { readonly since?: number; readonly until?: number } => {
  const last = until === undefined ? undefined : fromLocal(until);
  return present({
    since: since === undefined ? undefined : fromLocal(since),
    until: last === undefined ? undefined : last + DAY,
  });
};

const isTurned = ({ since, until }: Chosen): boolean => since !== undefined && until !== undefined && until < since;

const titleOf = (options: readonly Option[], value: string, language: Language): string =>
  options.find((one) => one.value === value)?.title ?? (language === 'zh' ? '其他' : value);

/** In one line, for whoever reads it on paper. */
export function chosenWords(filters: readonly Filter[], chosen: Chosen, language: Language): string {
  const say = sayIn(language);
  return filters
    .flatMap((filter): readonly string[] => {
      const title = filter.title[language];
      if (filter.kind === 'period') {
        const { since, until } = chosen;
        if (since === undefined && until === undefined) return [];
        return [
          say(
            `${title}：${since === undefined ? '' : `自 ${since} `}${until === undefined ? '起' : `至 ${until}`}`,
            `${title}: ${since === undefined ? '' : `from ${since} `}${until === undefined ? 'on' : `until ${until}`}`,
          ),
        ];
      }
      const value = chosen[filter.kind === 'word' ? 'q' : filter.id];
      if (value === undefined) return [];
      const words = filter.kind === 'word' ? value : titleOf(filter.options, value, language);
      return [say(`${title}：${words}`, `${title}: ${words}`)];
    })
    .join(say('；', '; '));
}

/** By what a list is narrowed; a word is as somebody typed it. */
export const By = ({ chosen, children }: { readonly chosen: Chosen; readonly children: string }): JSX.Element => (
  <span class={chosen['q'] === undefined ? undefined : 'own'}>{children}</span>
);

interface FormProps {
  readonly language: Language;
  readonly path: string;
  /** Where on its page the list begins, with its `#`; default: at the top. */
  readonly hash?: string;
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  /** Fields of the page's own that stay in the address. */
  readonly keeps: Readonly<Record<string, string | undefined>>;
}

function Days({
  title,
  chosen,
  language,
  say,
}: { readonly title: Localised; readonly say: Say } & Pick<FormProps, 'chosen' | 'language'>): JSX.Element {
  const turned = isTurned(chosen);
  return (
    <>
      <label>
        {say(`${title.zh}（自）`, `${title[language]}, from`)}
        <input type="date" name="since" value={chosen['since'] ?? ''} />
      </label>
      <label class={turned ? 'wrong' : undefined}>
        {say(`${title.zh}（至，含当日）`, `${title[language]}, until`)}
        <input
          type="date"
          name="until"
          value={chosen['until'] ?? ''}
          aria-invalid={turned ? 'true' : undefined}
          aria-describedby={turned ? 'until-fault' : undefined}
        />
        {turned ? (
          <span class="fault" id="until-fault">
            {say('早于起始日期', 'before the first day')}
          </span>
        ) : null}
      </label>
    </>
  );
}

const Choice = ({
  filter: { id, title, options },
  value,
  language,
  say,
}: {
  readonly filter: Extract<Filter, { readonly kind: 'choice' }>;
  readonly value: string | undefined;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element => (
  <label>
    {title[language]}
    <select name={id}>
      <option value="">{say('全部', 'all')}</option>
      {value === undefined || options.some((one) => one.value === value) ? null : (
        <option value={value} selected>
          {titleOf(options, value, language)}
        </option>
      )}
      {options.map((one) => (
        <option value={one.value} selected={one.value === value} key={one.value}>
          {one.title}
        </option>
      ))}
    </select>
  </label>
);

/** Without scripts as with them: each filter is a field of the address. */
export function FilterForm({ language, path, hash = '', filters, chosen, keeps }: FormProps): JSX.Element | null {
  if (filters.length === 0) return null;
  const say = sayIn(language);
  const kept = Object.entries(keeps).filter(([, value]) => value !== undefined && value !== '');
  const fields = new URLSearchParams(kept as [string, string][]).toString();
  const clear = `${path}${fields === '' ? '' : `?${fields}`}${hash}`;
  return (
    <form class="filters list-filters" method="get" action={`${path}${hash}`} role="search">
      {kept.map(([name, value]) => (
        <input type="hidden" name={name} value={value} key={name} />
      ))}
      {filters.map((filter) =>
        filter.kind === 'word' ? (
          <label key="q">
            {filter.title[language]}
            <input type="search" name="q" value={chosen['q'] ?? ''} maxLength={MOST} />
          </label>
        ) : filter.kind === 'period' ? (
          <Days title={filter.title} chosen={chosen} language={language} say={say} key="since" />
        ) : (
          <Choice filter={filter} value={chosen[filter.id]} language={language} say={say} key={filter.id} />
        ),
      )}
      <div class="row">
        <button class="button" type="submit">
          {say('筛选', 'Filter')}
        </button>
        {Object.keys(chosen).length === 0 ? null : (
          <a class="quiet" href={clear}>
            {say('清除', 'Clear')}
          </a>
        )}
      </div>
    </form>
  );
}

/** Of a list that goes on behind what is shown: its form, and beside the rows what they are, also on paper. */
export function FilterBar(props: FormProps): JSX.Element {
  const { language, filters, chosen } = props;
  const by = chosenWords(filters, chosen, language);
  return (
    <>
      <FilterForm {...props} />
      {by === '' ? null : (
        <p class="foot" role="status">
          {language === 'zh' ? '仅列出：' : 'Only: '}
          <By chosen={chosen}>{by}</By>
        </p>
      )}
    </>
  );
}

/** The same list at another place of it, or as another thing. */
export function addressWith(
  path: string,
  chosen: Chosen,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const all = Object.entries({ ...more, ...chosen }).filter((one): one is [string, string] => one[1] !== undefined);
  const query = new URLSearchParams(all).toString();
  return query === '' ? path : `${path}?${query}`;
}

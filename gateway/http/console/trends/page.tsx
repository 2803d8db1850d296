/** Trends over 30 and 90 days: each a picture, and the same figures as a table. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { Bars } from '../../ui/charts.js';
import { sayIn } from '../../ui/say.js';
import type { DayFigure } from './figures.js';

export interface Trend {
  readonly id: string;
  readonly title: Localised;
  readonly value: Localised;
  readonly part?: Localised;
  /** How it stands each day, not what came that day. */
  readonly stands: boolean;
  /** Undefined where it cannot be read here. */
  readonly days: readonly DayFigure[] | undefined;
}

export const SPANS = [30, 90] as const;
type Span = (typeof SPANS)[number];

interface TrendsProps {
  readonly language: Language;
  readonly span: Span;
  /** Of whom, in words. */
  readonly of: string;
  readonly trends: readonly Trend[];
  /** Local minute. */
  readonly at: string;
}

/** Of what is counted, half of the span against the half before; of what stands, the last day against the mean. */
function course(days: readonly DayFigure[], stands: boolean, language: Language): string {
  const say = sayIn(language);
  const words = (n: number): string => n.toLocaleString('en', { maximumFractionDigits: 1 });
  const sum = (some: readonly DayFigure[]): number => some.reduce((all, { value }) => all + value, 0);
  if (stands) {
    const measured = days.filter(({ value }) => value > 0);
    const mean = measured.length === 0 ? 0 : sum(measured) / measured.length;
    const last = days.at(-1)?.value ?? 0;
    return say(`今日 ${words(last)}，期间平均 ${words(mean)}`, `today ${words(last)}, mean ${words(mean)}`);
  }
  const half = Math.floor(days.length / 2);
  const [before, after] = [sum(days.slice(0, half)), sum(days.slice(-half))];
  const numbers = say(
    `近 ${half} 天 ${words(after)}，此前 ${half} 天 ${words(before)}`,
    `last ${half} days ${words(after)}, the ${half} before ${words(before)}`,
  );
  if (before === 0) return numbers;
  const change = Math.round(((after - before) / before) * 100);
  return `${numbers}${say('，', ', ')}${change > 0 ? '+' : ''}${change}%`;
}

export function trendsPage({ language, span, of, trends, at }: TrendsProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h1>{say('趋势', 'Trends')}</h1>
      <p class="lead">{say(`${of}，截至 ${at}（北京时间）。`, `${of}, as of ${at} (UTC+8).`)}</p>
      <nav class="pills" aria-label={say('时间', 'Period')}>
        {SPANS.map((one) => (
          <a href={`/console/trends?days=${one}`} aria-current={one === span ? 'true' : undefined} key={one}>
            {say(`近 ${one} 天`, `${one} days`)}
          </a>
        ))}
      </nav>
      {trends.map(({ id, title, value, part, stands, days }) =>
        days === undefined ? (
          <p class="notice" key={id}>
            {say(`${title.zh}：本节点不保存，请在保存日志的节点查看。`, `${title.en}: kept on another replica.`)}
          </p>
        ) : (
          <section key={id} data-trend={id}>
            <Bars
              bars={days.map(({ day, value, part }) => ({
                label: day.slice(5),
                value,
                ...(part === undefined ? {} : { part }),
              }))}
              title={title[language]}
              valueName={value[language]}
              {...(part === undefined ? {} : { partName: part[language] })}
              tableName={say(`以表格查看：${title.zh}`, `As a table: ${title.en}`)}
            />
            <p class="foot">{course(days, stands, language)}</p>
          </section>
        ),
      )}
    </>
  );
}

/** How good a dataset was over 90 days: a picture for each measure, and the same figures as a table. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { QualityDay } from '../../../procedures/catalogue/days.js';
import {
  figureOf,
  MEASURES,
  type Measure,
  measureNames,
  trendOf,
  worriesOf,
} from '../../../procedures/catalogue/trend.js';

const SHOWN = 90;
const DAY = 86_400_000;
const [WIDTH, HEIGHT] = [240, 56] as const;

function said(measure: Measure, figure: number | undefined): string {
  if (figure === undefined) return '–';
  if (measure === 'perThousand') return figure.toFixed(figure < 10 ? 2 : 0);
  // a whole that is not quite whole is not said to be
  const percent = figure * 100;
  return `${percent === 100 || percent === 0 ? percent : Math.min(99.99, percent).toFixed(percent > 99 ? 2 : 1)}%`;
}

const saidOf = (measure: Measure, day: QualityDay, language: Language): string =>
  measure !== 'freshness'
    ? said(measure, figureOf(day, measure))
    : day.fresh === undefined
      ? '–'
      : language === 'zh'
        ? day.fresh
          ? '按期'
          : '逾期'
        : day.fresh
          ? 'in time'
          : 'late';

function Line({ days, measure, title }: { days: readonly QualityDay[]; measure: Measure; title: string }): JSX.Element {
  const last = Date.parse(days.at(-1)?.day ?? '1970-01-01');
  const figures = days.flatMap((day) => {
    const figure = figureOf(day, measure);
    return figure === undefined ? [] : [{ at: (last - Date.parse(day.day)) / DAY, figure }];
  });
  const all = figures.map(({ figure }) => figure);
  const top = measure === 'perThousand' ? Math.max(1, ...all) : 1;
  const floor = measure === 'perThousand' ? 0 : Math.max(0, Math.min(0.9, ...all) - 0.02);
  const points = figures.map(({ at, figure }) => ({
    x: WIDTH - 4 - (at / (SHOWN - 1)) * (WIDTH - 8),
    y: 5 + ((top - figure) / (top - floor)) * (HEIGHT - 10),
  }));
  const end = points.at(-1);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
      <line class="axis" x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      <polyline class="line" points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
      {end === undefined ? null : <circle class="end" cx={end.x} cy={end.y} r="3.5" />}
    </svg>
  );
}

function Worries({ days, language }: { days: readonly QualityDay[]; language: Language }): JSX.Element | null {
  const worries = worriesOf(days);
  if (worries.length === 0) return null;
  const words = {
    low: { zh: '低于要求', en: 'is below its mark' },
    fell: { zh: '明显低于近 30 天平均', en: 'fell below its mean of 30 days' },
    many: { zh: '偏多', en: 'are many' },
  } as const;
  return (
    <p class="notice warn" role="status">
      {worries
        .map(
          ({ measure, kind }) =>
            `${measureNames[measure][language]}${language === 'zh' ? '' : ' '}${words[kind][language]}`,
        )
        .join(language === 'zh' ? '；' : '; ')}
    </p>
  );
}

interface QualityProps {
  readonly days: readonly QualityDay[];
  readonly language: Language;
  /** To the rows that are held back, for whoever may see them. */
  readonly rows?: string | undefined;
}

export function Quality({ days: all, language, rows }: QualityProps): JSX.Element {
  const zh = language === 'zh';
  const last = all.at(-1);
  if (last === undefined)
    return (
      <div class="card">
        <p class="empty">{zh ? '尚未测量，每日测量一次' : 'Not measured yet; it is measured each day.'}</p>
      </div>
    );
  const from = new Date(Date.parse(last.day) - (SHOWN - 1) * DAY).toISOString().slice(0, 10);
  const days = all.filter(({ day }) => day >= from);
  const looked = last.sampled.toLocaleString('en');
  return (
    <>
      <Worries days={all} language={language} />
      <div class="measures">
        {MEASURES.map((measure) => {
          const { now, days30, days90 } = trendOf(all, measure);
          const name = measureNames[measure][language];
          return (
            <div class="tile">
              <span>{name}</span>
              <b>{measure === 'freshness' ? saidOf(measure, last, language) : said(measure, now)}</b>
              <Line
                days={days}
                measure={measure}
                title={zh ? `${name}，近 ${SHOWN} 天` : `${name} over ${SHOWN} days`}
              />
              <small>
                {zh
                  ? `30 天平均 ${said(measure, days30)}，90 天平均 ${said(measure, days90)}`
                  : `mean of 30 days ${said(measure, days30)}, of 90 days ${said(measure, days90)}`}
              </small>
            </div>
          );
        })}
      </div>
      <p class="foot">
        {zh
          ? `测量时间：${localMinute(last.at)}（北京时间）；抽查最新发布的 ${looked} 条。`
          : `Measured at ${localMinute(last.at)} (UTC+8) over the newest ${looked} versions. `}
        {rows === undefined ? null : <a href={rows}>{zh ? '查看未通过校验的数据' : 'See the rows held back'}</a>}
      </p>
      <details class="card pad">
        <summary>{zh ? '以表格查看' : 'As a table'}</summary>
        <div class="scroll" tabIndex={0} role="group" aria-label={zh ? '每日数据质量' : 'Quality by day'}>
          <table>
            <thead>
              <tr>
                <th scope="col">{zh ? '日期' : 'Day'}</th>
                {MEASURES.map((measure) => (
                  <th scope="col" class="n">
                    {measureNames[measure][language]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...days].reverse().map((day) => (
                <tr>
                  <th scope="row">{day.day}</th>
                  {MEASURES.map((measure) => (
                    <td class="n">{saidOf(measure, day, language)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

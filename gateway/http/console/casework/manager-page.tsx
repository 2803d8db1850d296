/** How cases stand, how long they take, where they wait, and how they were rated: for who manages them. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { BundleFigures, Histogram } from '../../../procedures/cases/figures.js';
import type { Overview } from '../../../procedures/cases/overview.js';
import { gradeNames } from '../../ui/rating.js';
import { numberOf, type Say, sayIn } from '../../ui/say.js';
import { FiguresTable, gradeColumns } from './figures-table.js';
import { Term } from './words.js';

export const SPANS = [1, 3, 12] as const;
type Span = (typeof SPANS)[number];

interface ManagerProps {
  readonly language: Language;
  readonly authority: string;
  readonly span: Span;
  readonly found: Overview;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly nameOf: (authority: string) => string;
}

type Part = ManagerProps & { readonly say: Say };

const numeral = (n: number): string => n.toLocaleString('en');
const share = (n: number, of: number): string => (of === 0 ? '–' : `${((n / of) * 100).toFixed(n === of ? 0 : 1)}%`);
const days = (n: number | undefined): string => (n === undefined ? '–' : String(n));
const sum = <T,>(all: readonly T[], of: (one: T) => number): number => all.reduce((n, one) => n + of(one), 0);

export function managerPage(props: ManagerProps): JSX.Element {
  const { language, authority, span, found } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  const { bundles, low } = found;
  const leading = bundles.filter(({ leads }) => leads);
  const standing = bundles.flatMap((one) => one.standing);
  const ratings = leading.map(({ figures }) => figures);
  const rated = sum(ratings, ratedIn);
  return (
    <>
      <h1>{say('办理统计', 'How cases go')}</h1>
      <p class="lead">
        {say(
          `${authority}牵头的一件事按全部部门统计，参与的一件事按本单位承办的事项统计。用时按工作日计算，不含等待申请人补正的时间。`,
          `Matters that ${authority} leads with all departments, others with its own items. Days are working days, ` +
            'without those in which the applicant was asked.',
        )}
      </p>
      <nav class="pills" aria-label={say('时段', 'Time')}>
        {SPANS.map((one) => (
          <a href={`?months=${String(one)}`} aria-current={one === span ? 'true' : undefined} key={one}>
            {one === 1 ? say('本月', 'This month') : say(`近 ${String(one)} 个月`, `${String(one)} months`)}
          </a>
        ))}
      </nav>
      <div class="tiles">
        <Tile n={numeral(sum(leading, ({ figures }) => figures.submitted))} title={say('新受理办件', 'cases came')} />
        <Tile n={numeral(sum(leading, ({ figures }) => figures.days.all))} title={say('全部办结', 'decided whole')} />
        <Tile
          n={numeral(sum(standing, ({ held }) => held))}
          title={say('部门正在办理的事项', 'items with departments')}
        />
        <Tile n={numeral(sum(standing, ({ asked }) => asked))} title={say('等待申请人补正', 'with applicants')} />
        <Tile
          n={numeral(sum(standing, ({ over }) => over))}
          title={say('已超过期限', 'past their term')}
          bad={standing.some(({ over }) => over > 0)}
        />
        <Tile
          n={share(
            sum(ratings, (one) => good(one)),
            rated,
          )}
          title={say(`满意率（${numeral(rated)} 条评价）`, `satisfied (${numeral(rated)} ratings)`)}
        />
      </div>
      <Low {...part} low={low} />
      <Matters {...part} />
      <Waits {...part} />
      <Ratings {...part} />
    </>
  );
}

const ratedIn = ({ ratings }: BundleFigures): number => sum([...ratings.values()], (n) => n);
/** 非常满意、满意、基本满意. */
const good = ({ ratings }: BundleFigures): number =>
  (ratings.get(5) ?? 0) + (ratings.get(4) ?? 0) + (ratings.get(3) ?? 0);

const Tile = (props: { readonly n: string; readonly title: string; readonly bad?: boolean }): JSX.Element => (
  <div class={props.bad === true ? 'tile late' : 'tile'}>
    <b>{props.n}</b>
    <span>{props.title}</span>
  </div>
);

const titleIn = ({ bundles, language, say }: Part, id: string): string =>
  bundles.get(id)?.title[language] ?? say('已停用的事项', id);

/** Low ratings that are owed an answer. */
function Low(part: Part & { readonly low: Overview['low'] }): JSX.Element | null {
  const { language, low, say } = part;
  if (low.length === 0) return null;
  return (
    <>
      <h2>{say('待核实回复的差评', 'Low ratings to answer')}</h2>
      <p class="foot">
        {say(
          '业务办理单位应当在一个工作日内联系核实（上海市优化营商环境条例第三十条）。',
          'Looked into within one working day (上海市优化营商环境条例第三十条).',
        )}
      </p>
      <ul class="card rows">
        {low.map((line) => (
          <li key={line.case}>
            <div class="grow">
              <p>
                <a href={`/console/casework/${line.case}`}>{titleIn(part, line.bundle)}</a>{' '}
                <span class="state bad">{line.grade === undefined ? '' : gradeNames[line.grade][language]}</span>
              </p>
              <p class="id exact">{numberOf(line.case)}</p>
            </div>
            {line.term === undefined ? null : <Term term={line.term} language={language} />}
          </li>
        ))}
      </ul>
    </>
  );
}

const used = (histogram: Histogram, say: Say): string =>
  histogram.all === 0
    ? '–'
    : say(
        `${days(histogram.within(0.5))} / ${days(histogram.within(0.9))} 天`,
        `${days(histogram.within(0.5))} / ${days(histogram.within(0.9))} d`,
      );

/** One line a matter. */
function Matters(part: Part): JSX.Element {
  const { found, say } = part;
  return (
    <>
      <h2>{say('按一件事', 'By matter')}</h2>
      <div class="card">
        <FiguresTable
          head={{ title: say('一件事', 'Matter'), of: ({ bundle }) => titleIn(part, bundle) }}
          columns={[
            { title: say('受理', 'Came'), of: ({ figures }) => numeral(figures.submitted) },
            { title: say('办结', 'Decided'), of: ({ figures }) => numeral(figures.days.all) },
            { title: say('撤回', 'Taken back'), of: ({ figures }) => numeral(figures.withdrawn) },
            { title: say('用时：中位 / 九成', 'Days: median / 90 %'), of: ({ figures }) => used(figures.days, say) },
            { title: say('满意率', 'Satisfied'), of: ({ figures }) => share(good(figures), ratedIn(figures)) },
          ]}
          rows={found.bundles.filter(({ leads }) => leads)}
          keyOf={({ bundle }) => bundle}
        />
      </div>
    </>
  );
}

/** Each department: what it has now, what is late, how long it took. */
function Waits(part: Part): JSX.Element {
  const { found, nameOf, say } = part;
  const rows = found.bundles.flatMap(({ bundle, figures, standing }) =>
    [...new Set([...standing.map(({ authority }) => authority), ...figures.departments.keys()])].map((authority) => ({
      bundle,
      authority,
      now: standing.find((one) => one.authority === authority),
      done: figures.departments.get(authority),
    })),
  );
  rows.sort((a, b) => (b.now?.over ?? 0) - (a.now?.over ?? 0) || (b.now?.held ?? 0) - (a.now?.held ?? 0));
  type Row = (typeof rows)[number];
  const decided = ({ done }: Row): number => (done?.granted ?? 0) + (done?.refused ?? 0);
  return (
    <>
      <h2>{say('办理堵点', 'Where they wait')}</h2>
      <div class="card">
        {rows.length === 0 ? (
          <p class="empty">{say('该时段没有办件', 'There are no cases in this time.')}</p>
        ) : (
          <FiguresTable
            class="waits"
            head={{
              title: say('部门', 'Department'),
              of: ({ authority, bundle }) => (
                <>
                  {nameOf(authority)}
                  <span class="plain soft">{titleIn(part, bundle)}</span>
                </>
              ),
            }}
            columns={[
              { title: say('在办', 'Has now'), of: ({ now }) => numeral(now?.held ?? 0) },
              {
                title: say('已逾期', 'Overdue'),
                of: ({ now }) =>
                  (now?.over ?? 0) === 0 ? '0' : <span class="state bad">{numeral(now?.over ?? 0)}</span>,
              },
              { title: say('待补正', 'Applicant asked'), of: ({ now }) => numeral(now?.asked ?? 0) },
              { title: say('已办', 'Decided'), of: (row) => numeral(decided(row)) },
              { title: say('逾期办结', 'Decided late'), of: (row) => share(row.done?.late ?? 0, decided(row)) },
              {
                title: say('用时：中位 / 九成', 'Days: median / 90 %'),
                of: ({ done }) => (done === undefined ? '–' : used(done.days, say)),
              },
            ]}
            rows={rows}
            keyOf={({ bundle, authority }) => `${bundle} ${authority}`}
          />
        )}
      </div>
    </>
  );
}

/** Grades of the matters that one leads. */
function Ratings(part: Part): JSX.Element | null {
  const { language, found, say } = part;
  const rated = found.bundles.filter(({ leads, figures }) => leads && ratedIn(figures) > 0);
  if (rated.length === 0) return null;
  return (
    <>
      <h2>{say('好差评', 'Ratings')}</h2>
      <div class="card">
        <FiguresTable
          head={{ title: say('一件事', 'Matter'), of: ({ bundle }) => titleIn(part, bundle) }}
          columns={[
            ...gradeColumns<(typeof rated)[number]>(language, ({ figures }) => figures.ratings),
            {
              title: say('差评已回复（其中超时）', 'Low ones answered (late)'),
              of: ({ figures: { answered } }) =>
                `${numeral(answered.inTime + answered.late)} (${numeral(answered.late)})`,
            },
          ]}
          rows={rated}
          keyOf={({ bundle }) => bundle}
        />
      </div>
      <p class="foot">
        <a href="/ratings">{say('公开的评价统计', 'What everybody sees of it')}</a>
      </p>
    </>
  );
}

/** Where a dataset comes from and what is made of it: a picture, and the same as a list for whoever reads or tabs. */
import { Fragment, type JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { scheduleWords } from '../desk/feed.js';
import type { DatasetFacts } from './facts.js';

interface Box {
  readonly id: string;
  readonly name: Localised;
  /** Boxes of the column before that lead here. */
  readonly from: readonly string[];
}
interface Column {
  readonly title: Localised;
  readonly boxes: readonly Box[];
  /** Boxes that have no room. */
  readonly more: number;
}

/** Boxes of one column of the picture; the list has all. */
const MOST = 8;
const [WIDTH, BOX, GAP, ROW, TOP] = [1000, 172, 35, 54, 34] as const;
/** Cells of a label: a Chinese character takes two. */
const CELLS = 24;

function short(text: string): string {
  let used = 0;
  let out = '';
  for (const sign of text) {
    used += /\p{Script=Han}|[\u3000-\u303f\uff00-\uffef]/u.test(sign) ? 2 : 1.1;
    if (used > CELLS - 2) return `${out}…`;
    out += sign;
  }
  return out;
}

const column = (title: Localised, boxes: readonly Box[]): Column => ({
  title,
  boxes: boxes.slice(0, MOST),
  more: Math.max(0, boxes.length - MOST),
});

function columnsOf({ contract, feed, grants, made }: DatasetFacts): readonly Column[] {
  const source: readonly Box[] = feed === undefined ? [] : [{ id: 'source', name: feed.kind, from: [] }];
  const read: readonly Box[] =
    feed === undefined
      ? []
      : [
          {
            id: 'feed',
            name: { zh: scheduleWords(feed.schedule, 'zh'), en: scheduleWords(feed.schedule, 'en') },
            from: ['source'],
          },
        ];
  // a system with several grants is one box
  const systems = new Map(grants.map(({ grant, client }): [string, Localised] => [grant.client, client]));
  const systemsOf = (by: readonly string[]): readonly string[] => [
    ...new Set(grants.flatMap(({ grant }) => (by.includes(grant.id) ? [grant.client] : []))),
  ];
  return [
    column({ zh: '来源', en: 'Source' }, source),
    column({ zh: '读取', en: 'Feed' }, read),
    column({ zh: '数据集', en: 'Dataset' }, [{ id: contract.id, name: contract.name, from: ['feed'] }]),
    column(
      { zh: '授权', en: 'Grants' },
      [...systems].map(([id, name]) => ({ id, name, from: [contract.id] })),
    ),
    column(
      { zh: '报告与“一件事”', en: 'Reports and bundles' },
      made.map(({ id, name, grants: by }) => ({ id, name, from: systemsOf(by) })),
    ),
  ];
}

interface Placed {
  readonly x: number;
  readonly y: number;
}

function Picture({
  columns,
  language,
  title,
}: {
  columns: readonly Column[];
  language: Language;
  title: string;
}): JSX.Element {
  const rows = Math.max(...columns.map(({ boxes, more }) => boxes.length + (more > 0 ? 1 : 0)), 1);
  const height = TOP + rows * ROW;
  const places = new Map<string, Placed>();
  for (const [at, { boxes }] of columns.entries())
    for (const [row, { id }] of boxes.entries())
      places.set(`${String(at)} ${id}`, {
        x: at * (BOX + GAP),
        y: TOP + ((rows - boxes.length) / 2 + row) * ROW + 4,
      });
  return (
    <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={title}>
      {columns.map((one, at) => (
        <Fragment key={one.title.en}>
          <text class="head" x={at * (BOX + GAP) + BOX / 2} y="18" text-anchor="middle">
            {one.title[language]}
          </text>
          {one.boxes.flatMap(({ id, from }) =>
            from.map((before) => {
              const [a, b] = [places.get(`${String(at - 1)} ${before}`), places.get(`${String(at)} ${id}`)];
              if (a === undefined || b === undefined) return null;
              const [x1, y1, x2, y2] = [a.x + BOX, a.y + 20, b.x, b.y + 20];
              const middle = (x1 + x2) / 2;
              return <path class="edge" d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />;
            }),
          )}
          {one.boxes.map(({ id, name }) => {
            const { x, y } = places.get(`${String(at)} ${id}`) as Placed;
            return (
              <g class={at === 2 ? 'box here' : 'box'}>
                <title>{name[language]}</title>
                <rect x={x} y={y} width={BOX} height="40" rx="9" />
                <text x={x + BOX / 2} y={y + 25} text-anchor="middle">
                  {short(name[language])}
                </text>
              </g>
            );
          })}
          {one.more === 0 ? null : (
            <text class="head" x={at * (BOX + GAP) + BOX / 2} y={height - 14} text-anchor="middle">
              {language === 'zh' ? `另有 ${one.more} 项` : `${one.more} more`}
            </text>
          )}
        </Fragment>
      ))}
    </svg>
  );
}

export function Lineage({
  facts,
  language,
}: {
  readonly facts: DatasetFacts;
  readonly language: Language;
}): JSX.Element {
  const zh = language === 'zh';
  const { contract, feed, grants, made } = facts;
  const columns = columnsOf(facts);
  const title = zh
    ? `${contract.name.zh}的来龙去脉：${grants.length} 项授权，${made.length} 项报告与“一件事”`
    : `Where ${contract.name.en} comes from and goes to: ${grants.length} grants, ${made.length} reports and bundles`;
  const empty = zh ? '无' : 'none';
  return (
    <figure class="card pad lineage">
      <div class="picture">
        <Picture columns={columns} language={language} title={title} />
      </div>
      <ol>
        <li>
          <b>{zh ? '来源与读取' : 'Source and feed'}</b>{' '}
          {feed === undefined
            ? empty
            : `${feed.kind[language]}${zh ? '，' : ', '}${scheduleWords(feed.schedule, language)}`}
        </li>
        <li>
          <b>{zh ? '数据集' : 'Dataset'}</b> {contract.name[language]}
        </li>
        <li>
          <b>{zh ? '授权' : 'Grants'}</b>{' '}
          <a href="#grants">{zh ? `${grants.length} 项有效授权` : `${grants.length} in force`}</a>
        </li>
        <li>
          <b>{zh ? '报告与“一件事”' : 'Reports and bundles'}</b>{' '}
          {made.length === 0
            ? empty
            : made.map(({ kind, id, name }, at) => (
                <>
                  {at === 0 ? '' : zh ? '、' : ', '}
                  {kind === 'bundle' ? <a href={`/guide/${id}`}>{name[language]}</a> : name[language]}
                </>
              ))}
        </li>
      </ol>
    </figure>
  );
}

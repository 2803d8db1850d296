/** What waits for me, what I asked, what is done; what runs out first in front, many at once where the law allows. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { SharingAttribute } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Form } from '../../ui/form.js';
import { type Column, type ListProps, ListTable, ListTools, addressOf as listAddress } from '../../ui/list.js';
import type { ListState } from '../../ui/list-state.js';
import { Pager } from '../../ui/pager.js';
import { Picking } from '../../ui/picking.js';
import { counted, numberOf, type Say, sayIn } from '../../ui/say.js';
import { Keys } from '../casework/keys.js';
import { Term } from '../casework/words.js';
import type { TrayLine } from './views.js';
import { attributes, levels, Mark, PATH } from './words.js';

export const SHOWS = ['todo', 'asked', 'held', 'done'] as const;
export type Show = (typeof SHOWS)[number];

/** A head for whom whoever looks acts today. */
export interface DeputyNotice {
  readonly of: string;
  readonly role: Localised;
  /** The last day. */
  readonly until: string;
}

interface TrayProps {
  readonly language: Language;
  /** Of whom it is, in words: authority and in what capacity. */
  readonly of: string;
  readonly show: Show;
  readonly counts: Readonly<Record<Show, number>>;
  readonly over: number;
  readonly q: string;
  readonly attribute: SharingAttribute | undefined;
  /** One kind of matters only. */
  readonly machine: string | undefined;
  readonly machines: readonly { readonly id: string; readonly title: Localised }[];
  /** Kinds of matters that whoever looks may begin, beside an application. */
  readonly openable: readonly { readonly machine: string; readonly title: Localised }[];
  readonly lines: readonly TrayLine[];
  readonly state: ListState;
  readonly mayApply: boolean;
  /** Whether standing consents are for whoever looks. */
  readonly mayConsent: boolean;
  readonly standsInFor: readonly DeputyNotice[];
  /** What is done with several at once. */
  readonly together: { readonly zh: string; readonly en: string };
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** How many were answered together just now. */
  readonly did?: { readonly done: number; readonly left: number };
}

const names: Readonly<Record<Show, { readonly zh: string; readonly en: string }>> = {
  todo: { zh: '待我办理', en: 'Waits for me' },
  asked: { zh: '我方申请', en: 'Asked by us' },
  held: { zh: '其他在办', en: 'Under way elsewhere' },
  done: { zh: '已办结', en: 'Done' },
};

interface Filter {
  readonly q?: string;
  readonly attribute?: SharingAttribute | undefined;
  readonly machine?: string | undefined;
}

function addressOf(show: Show, { q = '', attribute, machine }: Filter = {}, page = 1): string {
  const query = new URLSearchParams({
    ...(show === 'todo' ? {} : { show }),
    ...(q === '' ? {} : { q }),
    ...(attribute === undefined ? {} : { attribute }),
    ...(machine === undefined ? {} : { machine }),
    ...(page === 1 ? {} : { page: String(page) }),
  }).toString();
  return query === '' ? PATH : `${PATH}?${query}`;
}

type Part = TrayProps & { readonly say: Say };

export function trayPage(props: TrayProps): JSX.Element {
  const { language, of, show, counts, page, pages, mayApply } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  return (
    <>
      <div class="head">
        <h1>{say('共享事项', 'Matters of sharing')}</h1>
        <Keys
          language={language}
          keys={[
            ['j / k', say('下一件、上一件', 'next, previous')],
            ['x', say('选中或者取消', 'pick or not')],
            ['Enter', say('打开', 'open')],
            ['y', say('批量办理所选', 'all that are picked')],
            ['1 – 4', say('切换列表', 'lists')],
            ['n', say('新建申请', 'apply')],
          ]}
        />
      </div>
      <p class="lead">
        {say(`${of}。最先到期的在前，按工作日计算。`, `${of}. What runs out first comes first, in working days.`)}
      </p>
      {props.standsInFor.map(({ of: head, role, until }) => (
        <p class="notice" role="status" key={`${head} ${role.zh}`}>
          {say(
            `您正在代行${head}的${role.zh}职权，至 ${until}。`,
            `You stand in for ${head} (${role.en}) until ${until}.`,
          )}{' '}
          <a href="/console/sharing/deputies">{say('查看代行安排', 'Deputies')}</a>
        </p>
      ))}
      <Notices {...part} />
      <div class="head">
        <nav class="pills" aria-label={say('列表', 'Lists')}>
          {SHOWS.map((one, at) => (
            <a
              href={addressOf(one)}
              aria-current={one === show ? 'true' : undefined}
              data-key={String(at + 1)}
              key={one}
            >
              {names[one][language]} {counts[one].toLocaleString('en')}
            </a>
          ))}
        </nav>
        <span class="row">
          <a class="quiet" href={`${PATH}/calendar`}>
            {say('到期日历', 'What runs out')}
          </a>
          <a class="quiet" href="/console/sharing/deputies">
            {say('代行安排', 'Deputies')}
          </a>
          <a class="quiet" href="/console/sharing/told">
            {say('更正告知', 'Corrections told')}
          </a>
          {props.mayConsent ? (
            <a class="quiet" href={`${PATH}/standing`}>
              {say('长期同意', 'Standing consents')}
            </a>
          ) : null}
          {props.openable.length === 0 ? null : (
            <details class="begin">
              <summary class="quiet">{say('发起其他事项', 'Begin another matter')}</summary>
              <ul class="card pad fields">
                {props.openable.map(({ machine, title }) => (
                  <li key={machine}>
                    <a href={`${PATH}/open/${machine}`}>{title[language]}</a>
                  </li>
                ))}
              </ul>
            </details>
          )}
          {mayApply ? (
            <a class="button" href={`${PATH}/new`} data-key="n">
              {say('新建申请', 'Apply')}
            </a>
          ) : null}
        </span>
      </div>
      <Filters {...part} />
      <Lines {...part} />
      <Pager
        back={{
          href: page > 1 ? addressOf(show, props, page - 1) : undefined,
          words: say('← 上一页', '← Previous'),
          rel: 'prev',
        }}
        on={{
          href: page < pages ? addressOf(show, props, page + 1) : undefined,
          words: say('下一页 →', 'Next →'),
          rel: 'next',
        }}
      />
    </>
  );
}

function Notices({ did, over, show, say }: Part): JSX.Element | null {
  if (did !== undefined)
    return (
      <p class={`notice ${did.left > 0 ? 'warn' : ''}`} role="status">
        {say(`已一并办理 ${did.done} 件`, `${did.done} done together`)}
        {did.left === 0
          ? say('。', '.')
          : say(`，${did.left} 件情况已有变化，请逐件办理。`, `; ${did.left} have changed meanwhile: look at each.`)}
      </p>
    );
  if (over === 0 || show !== 'todo') return null;
  return (
    <p class="notice bad" role="status">
      {say(`${over} 件已超过期限，列在最前。`, `${over} ${over === 1 ? 'is' : 'are'} past the term, in front.`)}
    </p>
  );
}

function Filters({ language, show, q, attribute, machine, machines, say }: Part): JSX.Element {
  return (
    <form class="filters tray-filters" method="get" action={PATH} role="search">
      {show === 'todo' ? null : <input type="hidden" name="show" value={show} />}
      <label>
        {say('数据集、单位、用途', 'Dataset, authority, purpose')}
        <input type="search" name="q" value={q} maxLength={100} />
      </label>
      {machines.length < 2 ? null : (
        <label>
          {say('类别', 'Kind')}
          <select name="machine">
            <option value="">{say('全部', 'all')}</option>
            {machines.map(({ id, title }) => (
              <option value={id} selected={machine === id} key={id}>
                {title[language]}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {say('共享属性', 'Sharing')}
        <select name="attribute">
          <option value="">{say('全部', 'all')}</option>
          {(['unconditional', 'conditional'] as const).map((one) => (
            <option value={one} selected={attribute === one} key={one}>
              {attributes[one][language]}
            </option>
          ))}
        </select>
      </label>
      <div class="row">
        <button class="button" type="submit">
          {say('筛选', 'Filter')}
        </button>
        {q === '' && attribute === undefined && machine === undefined ? null : (
          <a class="quiet" href={addressOf(show)}>
            {say('清除', 'Clear')}
          </a>
        )}
      </div>
    </form>
  );
}

function Nothing({ show, q, attribute, machine, mayApply, say }: Part): JSX.Element {
  const filtered = q !== '' || attribute !== undefined || machine !== undefined;
  return (
    <div class="card">
      <p class="empty">
        {filtered
          ? say('没有符合筛选条件的事项', 'Nothing matches.')
          : show === 'todo'
            ? say('没有等待您办理的事项', 'Nothing waits for you.')
            : show === 'asked'
              ? say('本单位没有在办的事项', 'Nothing of ours is under way.')
              : show === 'held'
                ? say('没有其他在办的事项', 'Nothing else is under way.')
                : say('还没有办结的事项', 'Nothing is done yet.')}
        {!filtered && mayApply && show !== 'done' ? (
          <>
            <br />
            <a href={`${PATH}/new`}>
              {say('从数据目录选择数据，新建一件申请', 'Choose data from the catalogue and apply')}
            </a>
          </>
        ) : null}
      </p>
    </div>
  );
}

function Lines(part: Part): JSX.Element {
  const { lines, show, together, language, say } = part;
  if (lines.length === 0) return <Nothing {...part} />;
  const several = show === 'todo' && lines.some((line) => line.together !== undefined);
  const list = listOf(part, several);
  const table = <ListTable {...list} />;
  const tools = <ListTools {...list} csv={listAddress({ ...list, path: `${PATH}.csv` }, {})} />;
  if (!several)
    return (
      <>
        {tools}
        <div class="card">{table}</div>
      </>
    );
  return (
    <>
      {tools}
      <Form action={`${PATH}/together`} data-once>
        <div class="row together" data-choose="pick">
          <button class="button" type="submit" data-key="y">
            {together[language]}
          </button>
          <Picking
            language={language}
            all={say('全选可一并办理的', 'All that may go together')}
            picked={lines.filter((line) => line.together !== undefined).length}
          />
          <small class="soft">
            {say(
              '仅无条件共享且材料齐全的申请可以一并同意，其余须逐件办理。',
              'Only what is shared without conditions and complete is agreed to together.',
            )}
          </small>
        </div>
        <div class="card">{table}</div>
      </Form>
    </>
  );
}

const dueOf = ({ term, since }: TrayLine): number => term?.due.overAt ?? since;

/** @param several whether some may be picked */
export const trayColumns = (language: Language, several: boolean): readonly Column<TrayLine>[] => {
  const say = sayIn(language);
  return [
    ...(several
      ? [
          {
            id: 'pick',
            title: { zh: '选', en: 'Pick' },
            fixed: true,
            class: 'chooses',
            cell: ({ together, title }: TrayLine) =>
              together === undefined ? null : (
                <input
                  type="checkbox"
                  name="pick"
                  value={together}
                  aria-label={say(`选择${title.zh}`, `pick ${title.en}`)}
                />
              ),
          },
        ]
      : []),
    {
      id: 'matter',
      title: { zh: '事项', en: 'Matter' },
      head: true,
      sorts: true,
      value: ({ title }) => title[language],
      cell: ({ id, title, purpose }) => (
        <>
          <a href={`${PATH}/${id}`} data-row>
            {title[language]}
          </a>
          <span class="plain">
            {purpose[language]} <span class="id exact">{numberOf(id)}</span>
          </span>
        </>
      ),
    },
    {
      id: 'by',
      title: { zh: '发起单位', en: 'By' },
      sorts: true,
      value: ({ from }) => from[language],
      cell: ({ from, here, to, fields }) => (
        <>
          {from[language]}
          <span class="plain soft">
            {here ? '' : say(`向${to.zh}`, `to ${to.en}`)}
            {fields === undefined ? '' : say(` ${fields} 个字段`, ` ${counted(fields, 'field')}`)}
          </span>
        </>
      ),
    },
    {
      id: 'due',
      title: { zh: '期限', en: 'Due' },
      sorts: true,
      value: (line) => localMinute(dueOf(line)),
      cell: ({ term, since }) =>
        term === undefined ? (
          <time dateTime={new Date(since).toISOString()}>{localMinute(since)}</time>
        ) : (
          <Term term={term} language={language} />
        ),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: ({ todo, state }) => (todo ?? state)[language],
      cell: ({ todo, state, attribute, risk }) => (
        <>
          {todo === undefined ? null : <b class="todo">{todo[language]}</b>}
          <span class="marks">
            {todo === undefined ? <Mark of={state} language={language} /> : null}
            {attribute === undefined ? null : <Mark of={attributes[attribute]} language={language} />}
            {risk === undefined || risk === 'low' ? null : <Mark of={levels[risk]} language={language} />}
          </span>
        </>
      ),
    },
  ];
};

const listOf = (
  { language, lines, show, q, attribute, machine, state }: Part,
  several: boolean,
): ListProps<TrayLine> => ({
  language,
  columns: trayColumns(language, several),
  rows: lines,
  state,
  path: PATH,
  keeps: { show: show === 'todo' ? undefined : show, q, attribute, machine },
  keyOf: ({ id, together, title }) => `${id} ${together ?? title.zh}`,
  class: 'stack inbox tray',
});

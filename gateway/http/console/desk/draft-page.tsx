/** A draft of a changed mapping: what it says, what it would do, and what is to be done with it. */
import type { JSX } from 'preact';
import type { HeldPreview, NotRead, SourcePreview } from '../../../../connectors/propose/mend-preview.js';
import type { Codelist, Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Elsewhere } from '../../publishing/feed-file.js';
import { actsOn, type Draft, isRefused, type MendAct, type Standing } from '../../publishing/mend-drafts.js';
import { standingWords } from '../../publishing/mend-words.js';
import { Form } from '../../ui/form.js';
import { causeAddress, causeWords } from './cause-words.js';
import { PartWords } from './mend-words.js';

/** How its standing is coloured. */
export const standingCss: Readonly<Record<Standing, string>> = {
  open: 'warn',
  outdated: 'none',
  withdrawn: 'none',
  waiting: 'warn',
  'in-force': 'ok',
  replaced: 'none',
  undone: 'none',
};

const places: Readonly<Record<Elsewhere, Localised>> = {
  setting: {
    zh: '本系统设置为不直接改写数据源配置。',
    en: 'This installation is set not to write feeds itself.',
  },
  git: {
    zh: '数据源配置由版本库管理，本系统不直接改写。',
    en: 'The feed is kept in git, so it is not written here.',
  },
  layer: {
    zh: '数据源配置属于上一级工作区，本系统不直接改写。',
    en: 'The feed belongs to the workspace that this one builds on, so it is not written here.',
  },
  'read-only': {
    zh: '数据源配置在本机为只读，本系统不能改写。',
    en: 'The feed is read-only here.',
  },
};

interface DraftProps {
  readonly language: Language;
  readonly name: Localised;
  readonly draft: Draft;
  readonly standing: Standing;
  readonly names: { readonly proposed?: string; readonly decided?: string };
  /** Whether whoever looks has proposed it. */
  readonly own: boolean;
  readonly elsewhere: Elsewhere | undefined;
  /** A system of the department, by its id. */
  readonly systemOf: (id: string) => Localised | undefined;
  readonly titles: ReadonlyMap<string, Localised>;
  readonly codelist: Codelist | undefined;
  /** Rows of its cause that are held back now. */
  readonly now: number;
}

type Say = (zh: string, en: string) => string;
const numeral = (n: number): string => n.toLocaleString('en');

function Counts({ rows }: { readonly rows: readonly (readonly [words: string, count: number])[] }): JSX.Element {
  return (
    <table class="counts">
      <tbody>
        {rows.map(([words, count]) => (
          <tr>
            <th>{words}</th>
            <td class="n">{numeral(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Held({ held, say }: { readonly held: HeldPreview; readonly say: Say }): JSX.Element {
  const own = held.good + held.skipped + held.otherwise + held.same;
  return (
    <div class="card">
      <Counts
        rows={[
          [say('本原因的行，全部试算', 'Rows of this cause, all tried'), own],
          [say('将通过校验并发布', 'would be good, and published'), held.good],
          [say('还有其他问题，仍不通过', 'have something else wrong'), held.otherwise],
          [say('仍因本原因不通过', 'stay as they are'), held.same],
          ...(held.skipped === 0 ? [] : [[say('不属于本数据集', 'not the dataset’s then'), held.skipped] as const]),
          ...(held.goodOfOthers === 0
            ? []
            : [[say('其他原因的行，也将通过', 'of other causes, good as well'), held.goodOfOthers] as const]),
        ]}
      />
    </div>
  );
}

const notRead: Readonly<Record<NotRead, Localised>> = {
  pushed: {
    zh: '数据由部门推送，没有可以重读的来源，因此未对来源试算。',
    en: 'Records are pushed, so there is no source to try it on.',
  },
  moves: {
    zh: '读取该来源会移动其读取位置，因此未对来源试算。',
    en: 'Reading this source would move it on, so it was not tried on it.',
  },
  failed: {
    zh: '此处不能读取来源，因此未对来源试算；读取时将按新映射逐行校验。',
    en: 'The source cannot be read from here, so it was not tried on it.',
  },
};

function Source({ source, say }: { readonly source: SourcePreview | NotRead; readonly say: Say }): JSX.Element {
  if (typeof source === 'string') return <p class="notice">{say(notRead[source].zh, notRead[source].en)}</p>;
  const { looked, whole, same, changed, comesIn, goesOut, bad } = source;
  return (
    <>
      <div class="card">
        <Counts
          rows={[
            [
              whole
                ? say('来源现有的行，全部试算', 'Rows of the source, all')
                : say('来源的前若干行', 'Rows of the source, the first'),
              looked,
            ],
            [say('记录不变', 'same record'), same],
            [say('已发布的记录内容将改变', 'another record'), changed],
            [say('新通过校验', 'come in'), comesIn],
            [say('将不再通过校验', 'would be held back'), goesOut],
            [say('新旧映射都不通过', 'held back either way'), bad],
          ]}
        />
      </div>
      {changed + goesOut === 0 ? null : (
        <p class="notice warn">
          {say(
            '这份草案会影响已发布的记录，请核对后再审批。',
            'This draft changes records that are published: look twice before it is approved.',
          )}
        </p>
      )}
    </>
  );
}

function Acts({ language, draft, standing, own, elsewhere }: DraftProps): JSX.Element {
  const say: Say = (zh, en) => (language === 'zh' ? zh : en);
  const path = `/console/feeds/${draft.dataset}/mends/${draft.id}`;
  const act = (what: string, words: string, quiet = false): JSX.Element => (
    <Form action={`${path}/${what}`}>
      <button class={quiet ? 'quiet' : 'button'} type="submit">
        {words}
      </button>
    </Form>
  );
  const hand = elsewhere !== undefined && (standing === 'open' || standing === 'waiting');
  const may = new Set<MendAct>(actsOn(standing, elsewhere === undefined));
  return (
    <>
      {hand ? (
        <p class="notice">
          {say(places[elsewhere].zh, places[elsewhere].en)}{' '}
          {say(
            '审批后请下载修改后的配置文件，按原有流程替换；替换后这里自动显示为已生效，数据源随即重新读取未通过校验的行。',
            'Once it is approved, download the changed file and put it in place as you do with any other change; ' +
              'this page then says so by itself, and the feed reads what it held back again.',
          )}
        </p>
      ) : null}
      <div class="row draft-acts">
        {may.has('approve') && !own ? act('approve', say('批准', 'Approve')) : null}
        {may.has('approve') && own ? (
          <span class="soft">
            {say(
              '须由本单位另一名数据专员审批，已列入其首页的待办。',
              'Another data officer has to approve it, and finds it on the first page.',
            )}
          </span>
        ) : null}
        {may.has('write') ? act('write', say('写入并重读', 'Put it in place')) : null}
        {standing === 'waiting' || standing === 'in-force' || standing === 'open' ? (
          <a class="quiet" href={`${path}/file`} download>
            {say('下载修改后的配置文件', 'Download the changed file')}
          </a>
        ) : null}
        {may.has('refuse')
          ? act('withdraw', own ? say('撤销草案', 'Withdraw') : say('退回草案', 'Refuse it'), true)
          : null}
        {may.has('undo')
          ? act('undo', say('恢复原映射（另生成草案）', 'Put back what was before (a new draft)'), true)
          : null}
      </div>
    </>
  );
}

/** Who took a step, and when. */
function Taken({
  step: { at, by },
  name,
  systemOf,
  language,
}: Pick<DraftProps, 'systemOf' | 'language'> & {
  readonly step: Draft['proposed'];
  readonly name: string | undefined;
}): JSX.Element {
  const say: Say = (zh, en) => (language === 'zh' ? zh : en);
  const system =
    by.via === undefined ? undefined : (systemOf(by.via)?.[language] ?? say('已停用的系统', 'a system that is gone'));
  return (
    <dd>
      {localMinute(new Date(at).toISOString())} ·{' '}
      <span class="own">{name ?? say('（姓名已删除）', '(name erased)')}</span>
      {system === undefined ? null : say(`（经${system}）`, ` (by ${system})`)}
    </dd>
  );
}

export function draftPage(props: DraftProps): JSX.Element {
  const { language, name, draft, standing, names, systemOf, titles, codelist, now } = props;
  const say: Say = (zh, en) => (language === 'zh' ? zh : en);
  const { dataset, cause, proposed, approved, withdrawn } = draft;
  const decided = approved ?? withdrawn;
  const refused = isRefused(draft);
  return (
    <>
      <p class="foot">
        <a href={`/console/feeds/${dataset}`}>
          {'← '}
          {name[language]}
        </a>
      </p>
      <div class="head">
        <h1>
          {draft.undoes === undefined
            ? say('映射修正草案', 'Draft of a mend')
            : say('恢复原映射草案', 'Draft that puts back')}
        </h1>
        <span class={`state ${standingCss[standing]}`}>{standingWords(refused, standing)[language]}</span>
      </div>
      <p class="lead">
        {say('针对：', 'For: ')}
        <a href={causeAddress(dataset, cause)}>{causeWords(cause, titles, language)}</a>
      </p>
      <div class="card">
        <dl class="facts">
          <dt>{say('提出', 'Proposed')}</dt>
          <Taken step={proposed} name={names.proposed} systemOf={systemOf} language={language} />
          {decided === undefined ? null : (
            <>
              <dt>
                {approved !== undefined
                  ? say('批准', 'Approved')
                  : refused
                    ? say('退回', 'Refused')
                    : say('撤销', 'Withdrawn')}
              </dt>
              <Taken step={decided} name={names.decided} systemOf={systemOf} language={language} />
            </>
          )}
          {draft.applied === undefined ? null : (
            <>
              <dt>{say('生效', 'In force')}</dt>
              <dd>{localMinute(new Date(draft.applied).toISOString())}</dd>
            </>
          )}
          <dt>{say('本原因目前仍未通过', 'Held back for it now')}</dt>
          <dd>{say(`${numeral(now)} 行`, `${numeral(now)} rows`)}</dd>
        </dl>
      </div>
      <Acts {...props} />
      <h2>{say('映射的改动', 'What changes in the mapping')}</h2>
      <div class="card pad">
        {draft.undoes === undefined ? (
          <ul>
            {draft.parts.map((part) => (
              <li>
                <b>{titles.get(cause.field)?.[language] ?? say('来源字段', cause.field)}</b>
                {say('：', ': ')}
                <PartWords part={part} language={language} codelist={codelist} />
              </li>
            ))}
          </ul>
        ) : (
          <p>
            <a href={`/console/feeds/${dataset}/mends/${draft.undoes}`}>
              {say('恢复到这份草案生效之前的映射', 'The mapping of before this draft')}
            </a>
          </p>
        )}
      </div>
      <h2>{say('对未通过校验的行', 'What it does to rows held back')}</h2>
      <Held held={draft.held} say={say} />
      <h2>{say('对已发布的记录', 'What it does to what is published')}</h2>
      <Source source={draft.source} say={say} />
    </>
  );
}

/** Policies against the past: the page, and the parts of it that arrive while the replay goes on. */
import type { JSX } from 'preact';
import { render } from 'preact-render-to-string';
import type { LogReplay } from '../../../audit/decisions.js';
import type { FromReplay } from '../../../process/replay.js';
import type { Language } from '../../page.js';

/** Where the parts stand in the page. */
export const HERE = '\u2063replay\u2063';

export interface ReplayProps {
  readonly language: Language;
  readonly path: string;
  readonly since: string;
  readonly until: string;
  /** A period was chosen: parts follow. */
  readonly running: boolean;
}

const sayIn = (language: Language) => (zh: string, en: string): string => (language === 'zh' ? zh : en);
const count = (n: number): string => n.toLocaleString('en');

export function replayPage({ language, path, since, until, running }: ReplayProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h1>{say('策略重放', 'Policy replay')}</h1>
      <p class="lead">{say('以磁盘上现行的策略与授权，按当时的时间重新判定日志中的每次决定：哪些会不同、涉及谁、因哪条策略。', 'Each decision on record is made again as of its own time under the policies and grants on disk now: which would turn out otherwise, for whom, by which policy.')}</p>
      <form class="filters" method="get" action={path}>
        <label>{say('自', 'From')} <input type="datetime-local" name="since" value={since} /></label>
        <label>{say('至（不含）', 'Before')} <input type="datetime-local" name="until" value={until} /></label>
        <div class="row"><button class="button" type="submit">{say('重放', 'Replay')}</button></div>
      </form>
      {running ? (
        <div>
          <div class="card pad running">
            <a class="quiet" href={path}>{say('取消', 'Cancel')}</a>
            <div class="parts" role="status">
              <p>{say('正在开始…', 'Starting …')}</p>
              {HERE}
            </div>
          </div>
        </div>
      ) : null}
    </>
  );
}

export interface ReplayPartProps {
  readonly language: Language;
  readonly path: string;
  readonly message: FromReplay;
}

/**
 * The next part as HTML. Progress stands in the place of the progress before it; what the replay found, or why it failed, stands in the place of both, by the
 * style sheet: a page can only be added to.
 */
export function replayPart({ language, path, message }: ReplayPartProps): string {
  const say = sayIn(language);
  switch (message.kind) {
    case 'progress': {
      const { read, of } = message;
      return render(
        <p>
          <progress max={Math.max(1, of)} value={read} aria-label={say('进度', 'Progress')} />
          <span>{say(`已读 ${count(read)} / 约 ${count(of)} 次请求`, `${count(read)} of about ${count(of)} requests`)}</span>
        </p>,
      );
    }
    case 'failed':
      return render(
        <div class="found">
          <p class="notice bad">{message.message}</p>
          <p><a class="quiet" href={path}>{say('返回', 'Back')}</a></p>
        </div>,
      );
    case 'result':
      return render(<div class="found">{found(language, message.result)}</div>);
  }
}

function found(language: Language, result: LogReplay): JSX.Element {
  const say = sayIn(language);
  const kinds = { denied: say('将被拒绝', 'now denied'), allowed: say('将被允许', 'now allowed'), released: say('提供内容不同', 'other release') };
  return (
    <>
      <div class="tiles">
        <div class="tile"><b>{count(result.decisions)}</b><span>{say('次决定', 'decisions')}</span></div>
        <div class="tile"><b>{count(result.otherwise)}</b><span>{say('次会不同', 'would turn out otherwise')}</span></div>
        <div class="tile"><b>{count(result.skipped.notRecorded + result.skipped.unknownNames + result.skipped.refusedOtherwise)}</b><span>{say('次无法重放', 'cannot be replayed')}</span></div>
      </div>
      <div class="card scroll">
        {result.changes.length === 0 ? <p class="empty">{say('没有不同。', 'Nothing differs.')}</p> : (
          <table>
            <thead><tr><th>{say('变化', 'Change')}</th><th class="n">{say('次数', 'Decisions')}</th><th>{say('应用', 'Client')}</th><th>{say('数据集与目的', 'Dataset, purpose')}</th><th class="wide">{say('依据', 'By')}</th><th class="wide">{say('字段', 'Fields')}</th><th>{say('日志', 'Entries')}</th></tr></thead>
            <tbody>
              {result.changes.map(({ kind, decisions, client, dataset, purpose, by, lost, gained, was, now, entries }) => (
                <tr>
                  <td>{kinds[kind]}</td>
                  <td class="n">{count(decisions)}</td>
                  <td class="mono">{client}</td>
                  <td class="mono">{dataset}<span class="id">{purpose}</span></td>
                  <td class="wide mono">{by.join(', ')}</td>
                  <td class="wide mono">{[...lost.map((field) => `−${field}`), ...gained.map((field) => `+${field}`), ...(kind === 'released' && was.rows !== now.rows ? [`${was.rows ?? '*'} → ${now.rows ?? '*'}`] : [])].join(' ')}</td>
                  <td>{entries.slice(0, 3).map((index) => <><a href={`/console/entries/${index}`}>#{index}</a>{' '}</>)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

/** Policies against the past: the page, and the parts of it that arrive while the replay goes on. */

import type { JSX } from 'preact';
import { render } from 'preact-render-to-string';
import { reasonWords } from '../../../../policies/words.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import type { LogReplay } from '../../../log/verify/decisions.js';
import type { FromReplay } from '../../../log/verify/replay.js';
import { Id } from '../../ui/id.js';
import { sayIn } from '../../ui/say.js';

/** Where the parts stand in the page. */
export const HERE = '\u2063replay\u2063';

interface ReplayProps {
  readonly language: Language;
  readonly path: string;
  readonly since: string;
  readonly until: string;
  /** A period was chosen: parts follow. */
  readonly running: boolean;
}

const count = (n: number): string => n.toLocaleString('en');

export function replayPage({ language, path, since, until, running }: ReplayProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h1>{say('策略回溯验证', 'Policy replay')}</h1>
      <p class="lead">
        {say(
          '以待生效的策略与授权，按当时的时间重新判定日志中的每次请求，列出结果将有不同的请求、所涉应用及依据。',
          'Each decision on record is made again as of its own time under the policies and grants on disk now: ' +
            'which would turn out otherwise, for whom, by which policy.',
        )}
      </p>
      <form class="filters" method="get" action={path}>
        <label>
          {say('起始时间', 'From')} <input type="datetime-local" name="since" value={since} />
        </label>
        <label>
          {say('截止时间（不含）', 'Before')} <input type="datetime-local" name="until" value={until} />
        </label>
        <div class="row">
          <button class="button" type="submit">
            {say('开始验证', 'Replay')}
          </button>
        </div>
      </form>
      {running ? (
        <div>
          <div class="card pad running">
            <a class="quiet" href={path}>
              {say('取消', 'Cancel')}
            </a>
            <div class="replayed" role="status">
              <p>{say('正在开始…', 'Starting …')}</p>
              {HERE}
            </div>
          </div>
        </div>
      ) : null}
    </>
  );
}

interface ReplayPartProps {
  readonly language: Language;
  readonly path: string;
  readonly message: FromReplay;
  readonly names: Names;
}

/**
 * The next part as HTML. Progress stands in the place of the progress before it; what the replay found, or why it
 * failed, stands in the place of both, by the style sheet: a page can only be added to.
 */
export function replayPart({ language, path, message, names }: ReplayPartProps): string {
  const say = sayIn(language);
  switch (message.kind) {
    case 'progress': {
      const { read, of } = message;
      return render(
        <p>
          <progress max={Math.max(1, of)} value={read} aria-label={say('进度', 'Progress')} />
          <span>
            {say(`已读 ${count(read)} / 约 ${count(of)} 次请求`, `${count(read)} of about ${count(of)} requests`)}
          </span>
        </p>,
      );
    }
    case 'failed':
      return render(
        <div class="found">
          <p class="notice bad">{say('验证未能完成，请重试；仍不成功的，请联系运维人员。', message.message)}</p>
          <p>
            <a class="quiet" href={path}>
              {say('返回', 'Back')}
            </a>
          </p>
        </div>,
      );
    case 'result':
      return render(<div class="found">{found(language, message.result, names)}</div>);
  }
}

function found(language: Language, result: LogReplay, names: Names): JSX.Element {
  const say = sayIn(language);
  const kinds = {
    denied: say('将不予提供', 'now denied'),
    allowed: say('将予以提供', 'now allowed'),
    released: say('提供内容不同', 'other release'),
  };
  return (
    <>
      <div class="tiles">
        <div class="tile">
          <b>{count(result.decisions)}</b>
          <span>{say('判定次数', 'decisions')}</span>
        </div>
        <div class="tile">
          <b>{count(result.otherwise)}</b>
          <span>{say('结果将有不同', 'would turn out otherwise')}</span>
        </div>
        <div class="tile">
          <b>{count(result.skipped.notRecorded + result.skipped.unknownNames + result.skipped.refusedOtherwise)}</b>
          <span>{say('无法验证', 'cannot be replayed')}</span>
        </div>
      </div>
      <div class="card scroll">
        {result.changes.length === 0 ? (
          <p class="empty">{say('结果均无变化', 'Nothing differs.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('变化', 'Change')}</th>
                <th class="n">{say('次数', 'Decisions')}</th>
                <th>{say('应用', 'Client')}</th>
                <th>{say('数据集与用途', 'Dataset, purpose')}</th>
                <th class="wide">{say('依据', 'By')}</th>
                <th class="wide">{say('字段', 'Fields')}</th>
                <th>{say('日志', 'Entries')}</th>
              </tr>
            </thead>
            <tbody>
              {result.changes.map(
                ({ kind, decisions, client, dataset, purpose, by, lost, gained, was, now, entries }) => (
                  <tr>
                    <td>{kinds[kind]}</td>
                    <td class="n">{count(decisions)}</td>
                    <td>{names.client(client)}</td>
                    <td>
                      {names.dataset(dataset)}
                      <span class="plain soft">{names.purpose(purpose)}</span>
                      <Id language={language}>
                        {dataset} {purpose}
                      </Id>
                    </td>
                    <td class="wide">
                      {say(
                        [...new Set(by.map((one) => (one === 'allowed' ? '策略允许' : reasonWords(one).zh)))].join(
                          '；',
                        ),
                        by.join(', '),
                      )}
                    </td>
                    <td class="wide">
                      {[
                        ...lost.map((field) => `−${names.field(dataset, field)}`),
                        ...gained.map((field) => `+${names.field(dataset, field)}`),
                        ...(kind === 'released' && was.rows !== now.rows
                          ? [say('记录范围有变化', `${was.rows ?? '*'} → ${now.rows ?? '*'}`)]
                          : []),
                      ].join(' ')}
                    </td>
                    <td>
                      {entries.slice(0, 3).map((index) => (
                        <>
                          <a href={`/console/entries/${index}`}>#{index}</a>{' '}
                        </>
                      ))}
                    </td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

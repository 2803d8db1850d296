/** The cases of whoever applies: drafts to go on with first, then what is under way, then what is over. */

import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { CaseMessage } from '../../../procedures/cases/store.js';
import type { Cases, OpenedCase } from '../../../procedures/cases/types.js';
import { type Say, sayIn } from '../../ui/say.js';
import { PATH, subjectWords } from './desk.js';
import { actWords, dateWords, phaseOf } from './words.js';

interface ListProps {
  readonly language: Language;
  readonly bundles: Cases['bundles'];
  readonly cases: readonly { readonly found: OpenedCase; readonly subject: string }[];
  /** Somebody speaks for several: each case says for whom. */
  readonly isSeveral: boolean;
  readonly messages: readonly CaseMessage[];
  readonly nameOf: (authority: string, region?: string) => string;
  readonly isSaved: boolean;
  readonly older: string | undefined;
}

export function listPage(props: ListProps): JSX.Element {
  const { language, cases, isSaved, older } = props;
  const say = sayIn(language);
  const groups = [
    { title: say('草稿', 'Drafts'), of: cases.filter(({ found }) => found.state.phase === 'draft') },
    {
      title: say('办理中', 'Under way'),
      of: cases.filter(({ found: { state, over } }) => state.phase !== 'draft' && !over),
    },
    { title: say('已结束', 'Over'), of: cases.filter(({ found }) => found.over) },
  ];
  return (
    <div class="apply">
      <div class="head">
        <h1>{say('我的办件', 'My cases')}</h1>
        <a class="button" href="/matters">
          {say('办理新事项', 'Begin another')}
        </a>
      </div>
      {isSaved ? (
        <p class="notice" role="status">
          {say('草稿已保存，可以随时回来继续填写。', 'The draft is saved: come back to it whenever you like.')}
        </p>
      ) : null}
      {cases.length === 0 ? (
        <div class="card">
          <p class="empty">
            {say('还没有办件。', 'There are none yet.')}{' '}
            <a href="/matters">{say('看看能办什么', 'See what can be done')}</a>
          </p>
        </div>
      ) : null}
      {groups.map(({ title, of }) =>
        of.length === 0 ? null : (
          <section key={title}>
            <h2>{title}</h2>
            <ul class="card rows own-cases">
              {of.map((one) => (
                <Row {...props} key={one.found.id} one={one} />
              ))}
            </ul>
          </section>
        ),
      )}
      {older === undefined ? null : (
        <p>
          <a class="quiet" href={older} rel="next">
            {say('更早 →', 'Earlier →')}
          </a>
        </p>
      )}
      <Messages {...props} />
    </div>
  );
}

/** What is to be done on it now, in a word. */
function turnOf({ acts, state }: OpenedCase, say: Say): string | undefined {
  if (state.phase === 'draft') return say('继续填写', 'go on with it');
  if (acts.some(({ act }) => act === 'give')) return say('请补正', 'give a supplement');
  return acts.some(({ act }) => act === 'step') ? say('请办理', 'your turn') : undefined;
}

function Row({
  language,
  bundles,
  isSeveral,
  one: { found, subject },
}: ListProps & { readonly one: ListProps['cases'][number] }): JSX.Element {
  const say = sayIn(language);
  const { id, state, over } = found;
  const { css, ...phase } = phaseOf(state, over);
  const turn = over ? undefined : turnOf(found, say);
  const items = Object.values(state.items);
  const done = items.filter(({ status }) => !['waiting', 'held', 'supplement', 'prepared'].includes(status)).length;
  return (
    <li>
      <div>
        <p>
          <a href={`${PATH}/${id}`}>
            <b>{bundles.get(state.bundle)?.title[language] ?? say('其他事项', 'another matter')}</b>
          </a>
        </p>
        <p class="soft">
          {state.submittedAt === undefined
            ? say(`${dateWords(state.openedAt, 'zh')}开始`, `begun ${dateWords(state.openedAt, 'en')}`)
            : say(`${dateWords(state.submittedAt, 'zh')}提交`, `submitted ${dateWords(state.submittedAt, 'en')}`)}
          {items.length === 0 || over
            ? null
            : say(` · ${items.length}项中已办${done}项`, ` · ${done} of ${items.length} done`)}
          {isSeveral ? (
            <>
              {' · '}
              <span class="code">{subjectWords(subject)}</span>
            </>
          ) : null}
        </p>
      </div>
      <p>
        {turn === undefined ? null : <span class="state warn">{turn}</span>}{' '}
        {state.phase === 'draft' ? null : <span class={`state ${css}`}>{phase[language]}</span>}
      </p>
    </li>
  );
}

/** What was told, of all of them. */
function Messages({ language, messages, bundles, isSeveral }: ListProps): JSX.Element | null {
  const say = sayIn(language);
  if (messages.length === 0) return null;
  return (
    <section>
      <h2>{say('消息', 'Messages')}</h2>
      <ol class="card told" data-several={isSeveral}>
        {messages.map(({ case: id, bundle, event, at, act, item, phase }) => (
          <li key={`${id} ${event}`}>
            <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
            <span>
              <a href={`${PATH}/${id}`}>{bundles.get(bundle)?.title[language] ?? ''}</a>
              {say('：', ': ')}
              <b>{phase === 'delivered' && act === 'step' ? say('已办结', 'done') : actWords(act, language)}</b>
              {item === undefined ? null : (
                <span class="soft"> {bundles.get(bundle)?.items.get(item)?.title[language] ?? ''}</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What somebody was told of: kind, days left and the way to the work. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Notice } from '../../notices/store.js';
import { noticedRoom, noticeWords } from '../../notices/words.js';
import type { Room } from '../../people/rooms.js';
import { type Chosen, type Filter, FilterBar, type Option, periodOf } from '../../ui/filters.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';

/** @param rooms of which somebody was told */
export function noticeFilters(language: Language, rooms: readonly Option[]): readonly Filter[] {
  const say = sayIn(language);
  return [
    {
      kind: 'choice',
      id: 'state',
      title: { zh: '状态', en: 'State' },
      options: [
        { value: 'unread', title: say('未读', 'unread') },
        { value: 'read', title: say('已读', 'read') },
      ],
      closed: true,
    },
    { kind: 'choice', id: 'room', title: { zh: '事项', en: 'Of' }, options: rooms },
    { kind: 'period', title: { zh: '时间', en: 'Time' } },
  ];
}

export function fitsNotice({ read, room, at }: Pick<Notice, 'read' | 'room' | 'at'>, chosen: Chosen): boolean {
  const { since = 0, until = Infinity } = periodOf(chosen);
  return (
    (chosen['state'] === undefined || (chosen['state'] === 'read') === read) &&
    (chosen['room'] === undefined || chosen['room'] === room) &&
    at >= since &&
    at < until
  );
}

interface NoticesProps {
  readonly language: Language;
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  /** Of all of them. */
  readonly unread: number;
  /** The newest first. */
  readonly notices: readonly Notice[];
  readonly rooms: readonly Room[];
}

export function noticesPage({ language, filters, chosen, unread, notices, rooms }: NoticesProps): JSX.Element {
  const say = sayIn(language);
  const isNarrowed = Object.keys(chosen).length > 0;
  return (
    <>
      <div class="head">
        <h1>{say('提醒', 'Notices')}</h1>
        <a class="quiet" href="/console/notices/settings">
          {say('提醒设置', 'Notice settings')}
        </a>
      </div>
      <p class="lead">
        {say(
          '新待办和临近期限的事项。具体内容在办理页面查看，保留 90 天。',
          'New work and terms that are near. What it is about is on its own page; kept for 90 days.',
        )}
      </p>
      {unread === 0 ? null : (
        <Form action="/console/notices/read">
          <button class="quiet" type="submit">
            {say(`全部标为已读（${unread}）`, `Mark all as read (${unread})`)}
          </button>
        </Form>
      )}
      {notices.length === 0 && !isNarrowed ? null : (
        <FilterBar language={language} path="/console/notices" filters={filters} chosen={chosen} keeps={{}} />
      )}
      <div class="card pad">
        {notices.length === 0 ? (
          <p class="empty">
            {isNarrowed ? say('没有符合条件的提醒', 'Nothing matches.') : say('暂无提醒。', 'There are no notices.')}
          </p>
        ) : (
          <ul class="waits">
            {notices.map((notice) => (
              <li key={notice.id} data-read={notice.read ? '' : undefined}>
                <span>
                  {notice.read ? null : <span class="state warn">{say('未读', 'unread')}</span>}{' '}
                  <a href={`/console/notices/${notice.id}`}>
                    {noticeWords(notice, noticedRoom(rooms, notice.room))[language]}
                  </a>
                </span>
                <time class="soft" dateTime={new Date(notice.at).toISOString()}>
                  {localMinute(notice.at)}
                </time>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}

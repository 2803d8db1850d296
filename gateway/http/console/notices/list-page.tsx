/** What somebody was told of: kind, days left and the way to the work. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Notice } from '../../notices/store.js';
import { noticedRoom, noticeWords } from '../../notices/words.js';
import type { Room } from '../../people/rooms.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';

interface NoticesProps {
  readonly language: Language;
  /** The newest first. */
  readonly notices: readonly Notice[];
  readonly rooms: readonly Room[];
}

export function noticesPage({ language, notices, rooms }: NoticesProps): JSX.Element {
  const say = sayIn(language);
  const unread = notices.filter(({ read }) => !read).length;
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
      <div class="card pad">
        {notices.length === 0 ? (
          <p class="empty">{say('暂无提醒。', 'There are no notices.')}</p>
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

/** The start of the day: what waits, the most urgent first; what changed; what does not work. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { leftWords } from '../../notices/words.js';
import type { Room, Trouble, Waiting, WaitingItem } from '../../people/rooms.js';
import { type Say, sayIn } from '../../ui/say.js';
import { type AskProps, AskWho } from './ask.js';
import type { Way } from './ways.js';

export interface RoomLine {
  readonly room: Room;
  readonly waiting: Waiting;
  /** It could not be read. */
  readonly away: boolean;
}

export interface Changed {
  readonly room: Room;
  readonly fresh: number;
  readonly done: number;
}

interface DayProps {
  readonly language: Language;
  readonly name: string;
  readonly today: string;
  readonly lines: readonly RoomLine[];
  /** The day on which they were here before; undefined where that is not known. */
  readonly before: string | undefined;
  readonly changed: readonly Changed[] | undefined;
  readonly wrong: readonly Trouble[];
  /** Of whoever reads the log. */
  readonly ask: AskProps | undefined;
  /** What somebody can begin here. */
  readonly ways: readonly Way[];
}

/** Of each room. */
const SHOWN = 5;
const WRONG = 8;

const numeral = (n: number): string => n.toLocaleString('en');

const Left = ({
  due,
  language,
}: {
  readonly due: WaitingItem['due'] | undefined;
  readonly language: Language;
}): JSX.Element | null =>
  due === undefined ? null : (
    <span class={`state ${due.over ? 'bad' : due.left <= 1 ? 'warn' : 'none'}`}>{leftWords(due.left)[language]}</span>
  );

function RoomCard({ room, waiting: { count, items }, language, say }: RoomLine & Words): JSX.Element {
  const over = items.filter(({ due }) => due?.over === true).length;
  return (
    <section class="card pad" aria-labelledby={`room-${room.id}`} data-room={room.id}>
      <div class="head">
        <h3 class="own" id={`room-${room.id}`}>
          <a href={room.href}>{room.title[language]}</a> <span class="count">{numeral(count)}</span>
        </h3>
        {over === 0 ? null : <span class="state bad">{say(`${over} 项已逾期`, `${over} overdue`)}</span>}
      </div>
      <ul class="waits">
        {items.slice(0, SHOWN).map(({ id, title, href, due }) => (
          <li key={id}>
            <a href={href}>{title[language]}</a>
            <Left due={due} language={language} />
          </li>
        ))}
      </ul>
      {count > SHOWN ? (
        <p>
          <a href={room.href}>{say(`查看全部 ${numeral(count)} 项`, `All ${numeral(count)}`)}</a>
        </p>
      ) : null}
    </section>
  );
}

interface Words {
  readonly language: Language;
  readonly say: Say;
}

function Changes({ before, changed, language, say }: Pick<DayProps, 'before' | 'changed'> & Words): JSX.Element {
  if (changed === undefined || before === undefined)
    return (
      <p class="empty">
        {say('首次来访，明日起显示变化。', 'Your first day here: what changes is shown from tomorrow on.')}
      </p>
    );
  if (changed.length === 0) return <p class="empty">{say(`${before} 以来没有变化。`, `Nothing since ${before}.`)}</p>;
  return (
    <ul class="waits">
      {changed.map(({ room, fresh, done }) => (
        <li key={room.id}>
          <a href={room.href}>{room.title[language]}</a>
          <span>
            {[
              fresh === 0 ? '' : say(`新增 ${numeral(fresh)} 项`, `${numeral(fresh)} new`),
              done === 0
                ? ''
                : room.tells === undefined
                  ? say(`办结或转出 ${numeral(done)} 项`, `${numeral(done)} done or moved on`)
                  : say(`已阅 ${numeral(done)} 项`, `${numeral(done)} read`),
            ]
              .filter(Boolean)
              .join(say('，', ', '))}
          </span>
        </li>
      ))}
    </ul>
  );
}

const Ways = ({ ways, language }: Pick<DayProps, 'ways' | 'language'>): JSX.Element | null =>
  ways.length === 0 ? null : (
    <>
      <h2>{sayIn(language)('从这里开始', 'Where to begin')}</h2>
      <div class="card pad" data-ways>
        <ul class="waits">
          {ways.map(({ path, title, about }) => (
            <li key={path}>
              <a href={path}>{title[language]}</a>
              <span class="soft">{about[language]}</span>
            </li>
          ))}
        </ul>
      </div>
    </>
  );

function Wrong({ wrong, language }: Pick<DayProps, 'wrong' | 'language'>): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="card pad">
      {wrong.length === 0 ? (
        <p class="empty">{say('目前没有异常。', 'Nothing is wrong.')}</p>
      ) : (
        <ul class="waits">
          {wrong.slice(0, WRONG).map(({ what, mends, href }) => (
            <li key={what.zh}>
              {href === undefined ? <span>{what[language]}</span> : <a href={href}>{what[language]}</a>}
              <span class="soft">{say(`由${mends.zh}处理`, `for ${mends.en}`)}</span>
            </li>
          ))}
        </ul>
      )}
      {wrong.length > WRONG ? (
        <p class="soft">{say(`另有 ${wrong.length - WRONG} 项`, `and ${wrong.length - WRONG} more`)}</p>
      ) : null}
    </div>
  );
}

export function dayPage({ language, name, today, lines, before, changed, wrong, ask, ways }: DayProps): JSX.Element {
  const say = sayIn(language);
  const busy = lines.filter(({ room, waiting }) => waiting.count > 0 && room.tells === undefined);
  const told = lines.filter(({ room, waiting }) => waiting.count > 0 && room.tells !== undefined);
  const away = lines.filter((line) => line.away);
  const idle = lines.filter((line) => !line.away && line.waiting.count === 0 && line.room.tells === undefined);
  const counted = (of: readonly RoomLine[]): number => of.reduce((all, { waiting }) => all + waiting.count, 0);
  const [sum, news] = [counted(busy), counted(told)];
  // nothing ever waits for them
  const bare = lines.length === 0 && ways.length > 0;
  const titles = (of: readonly RoomLine[]): string => of.map(({ room }) => room.title[language]).join(say('、', ', '));
  return (
    <>
      <h1>{say(`${name}，您好`, `Good day, ${name}`)}</h1>
      <p class="lead">
        {bare
          ? say(`${today}，可从下列内容开始。`, `${today}. Begin with one of these.`)
          : sum === 0
            ? say(`${today}，没有待办事项。`, `${today}. Nothing waits for you.`)
            : say(
                `${today}，共有 ${numeral(sum)} 项待办。`,
                `${today}. ${numeral(sum)} ${sum === 1 ? 'thing waits' : 'things wait'} for you.`,
              )}
        {news === 0 ? null : say(`有 ${numeral(news)} 项新的办理情况。`, ` You are told of ${numeral(news)}.`)}
      </p>
      {away.length === 0 ? null : (
        <p class="notice warn" role="status">
          {say(`暂时无法读取：${titles(away)}`, `Cannot be read now: ${titles(away)}`)}
        </p>
      )}
      <div class="day">
        <div>
          {ask === undefined ? null : <AskWho {...ask} language={language} />}
          {told.length === 0 ? null : (
            <>
              <h2>{say('新的办理情况', 'News')}</h2>
              {told.map((line) => (
                <RoomCard {...line} language={language} say={say} key={line.room.id} />
              ))}
            </>
          )}
          {bare ? null : <h2>{say('待我办理', 'Waiting for me')}</h2>}
          {busy.map((line) => (
            <RoomCard {...line} language={language} say={say} key={line.room.id} />
          ))}
          {idle.length === 0 ? null : (
            <p class="soft">{say(`没有待办：${titles(idle)}`, `Nothing is waiting in: ${titles(idle)}`)}</p>
          )}
          <Ways ways={ways} language={language} />
        </div>
        <div>
          <h2>{before === undefined ? say('变化', 'What changed') : say(`${before} 以来的变化`, `Since ${before}`)}</h2>
          <div class="card pad">
            <Changes before={before} changed={changed} language={language} say={say} />
          </div>
          <h2>{say('需要关注', 'Needs attention')}</h2>
          <Wrong wrong={wrong} language={language} />
        </div>
      </div>
    </>
  );
}

/** The operations of the API in their groups, and a search over everything that is said of them. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';
import { DeskTabs, INTERFACES } from '../developer/tabs.js';
import { groupTitle, type OperationShown } from './operations.js';

interface ListProps {
  readonly language: Language;
  readonly tries: boolean;
  readonly q: string;
  readonly found: readonly OperationShown[];
  readonly all: number;
}

const grouped = (operations: readonly OperationShown[]): readonly (readonly [string, readonly OperationShown[]])[] => {
  const groups = new Map<string, OperationShown[]>();
  for (const one of operations) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups];
};

/** `POST /v1/query`, as a programmer types it. */
export const Place = ({ method, path }: Pick<OperationShown, 'method' | 'path'>): JSX.Element => (
  <code class="operation" lang="en">
    <b data-method={method}>{method}</b> {path}
  </code>
);

function Group({
  group,
  operations,
  language,
}: {
  group: string;
  operations: readonly OperationShown[];
  language: Language;
}) {
  return (
    <section aria-labelledby={`group-${group}`}>
      <h2 id={`group-${group}`}>{groupTitle(group)[language]}</h2>
      <ul class="rows card">
        {operations.map((one) => (
          <li data-operation={one.id}>
            <a href={`${INTERFACES}/${one.id}`}>{one.title[language].replaceAll('`', '')}</a>
            <Place {...one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function listPage({ language, tries, q, found, all }: ListProps): JSX.Element {
  const say = sayIn(language);
  const groups = grouped(found);
  return (
    <>
      <h1>{say('接口文档', 'The API')}</h1>
      <DeskTabs here="interfaces" tries={tries} language={language} />
      <p class="lead">
        {say(
          `共 ${String(all)} 个接口，说明由接口本身生成。每次请求须出示应用证书，答复前先行留痕。`,
          `${String(all)} operations, described by the API itself. Every request presents a client certificate, and ` +
            'every answer is on record before it leaves.',
        )}
      </p>
      <form class="filters find" method="get" action={INTERFACES} role="search">
        <label class="grow">
          {say('查找', 'Search')}
          <input type="search" name="q" value={q} maxLength={100} autocomplete="off" />
        </label>
        <button class="button low" type="submit">
          {say('查找', 'Search')}
        </button>
      </form>
      {q === '' ? (
        <nav class="pills" aria-label={say('分组', 'Groups')}>
          {groups.map(([group]) => (
            <a href={`#group-${group}`}>{groupTitle(group)[language]}</a>
          ))}
        </nav>
      ) : (
        <p role="status" class="foot">
          {say(`找到 ${String(found.length)} 个`, `${String(found.length)} found`)} ·{' '}
          <a href={INTERFACES}>{say('显示全部', 'show all')}</a>
        </p>
      )}
      {found.length === 0 ? (
        <div class="card">
          <p class="empty">{say('没有符合的接口，请换一个词', 'Nothing is called so; try another word.')}</p>
        </div>
      ) : null}
      {groups.map(([group, operations]) => (
        <Group group={group} operations={operations} language={language} />
      ))}
    </>
  );
}

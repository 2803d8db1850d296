/** What is granted and not used: grants, fields, clients, each a list of its own. */
import type { JSX } from 'preact';
import type { Localised, Workspace } from '../../../../contracts/types.js';
import type { UnusedReport } from '../../../../policies/privilege.js';
import type { PolicySet } from '../../../../policies/types.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Basis } from '../../ui/basis.js';
import type { Option } from '../../ui/filters.js';
import { Id } from '../../ui/id.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';

const PATH = '/console/privileges';
export const IDLES = ['grants', 'fields', 'clients'] as const;
type Idle = (typeof IDLES)[number];

const titles: Readonly<Record<Idle, Localised>> = {
  grants: { zh: '未使用的授权', en: 'Grants not used' },
  fields: { zh: '已授权而未提供的字段', en: 'Fields granted and not released' },
  clients: { zh: '没有请求的应用', en: 'Clients without requests' },
};

const USER: Localised = { zh: '使用单位', en: 'Department' };
const PROVIDER: Localised = { zh: '提供单位', en: 'Provider' };

/** One grant or one client; of a client there is no dataset. */
interface IdleRow {
  readonly client: string;
  /** Whose client it is. */
  readonly user: string | undefined;
  readonly grant?: string;
  readonly dataset?: string;
  /** Whose dataset it is. */
  readonly provider?: string | undefined;
  readonly until?: string;
  /** ms since 1970; absent: never, as far as the log goes. */
  readonly last?: number;
  readonly fields: readonly string[];
}

export function idleRows(
  { grants, fields, clients: quiet }: UnusedReport,
  { clients }: Pick<PolicySet, 'clients'>,
  { contracts }: Pick<Workspace, 'contracts'>,
): Readonly<Record<Idle, readonly IdleRow[]>> {
  const departments = ({ client, dataset }: UnusedReport['fields'][number] | UnusedReport['grants'][number]) => ({
    user: clients.get(client)?.authority,
    provider: contracts.get(dataset)?.authority,
  });
  return {
    grants: grants.map((one) => ({ ...one, ...departments(one), fields: [] })),
    fields: fields.map((one) => ({ ...one, ...departments(one), fields: one.fields.map(({ field }) => field) })),
    clients: quiet.map((one) => ({ ...one, user: clients.get(one.client)?.authority, fields: [] })),
  };
}

/** What there is of what is not used, and by what it is narrowed. */
export function idleListing(idle: Idle, names: Names, language: Language): Listing<IdleRow> {
  const departments = (id: string | undefined): readonly Option[] =>
    id === undefined ? [] : [{ value: id, title: names.authority(id) ?? '–' }];
  return {
    id: `unused-${idle}`,
    path: PATH,
    columns: columnsOf(idle, names, language),
    keyOf: ({ grant, client }) => grant ?? client,
    page: 20,
    words: {
      title:
        idle === 'clients'
          ? { zh: '应用', en: 'Client' }
          : idle === 'fields'
            ? { zh: '应用、数据集、字段', en: 'Client, dataset, field' }
            : { zh: '应用、数据集', en: 'Client, dataset' },
      of: (row) => [names.client(row.client), names.dataset(row.dataset), row.grant, ...fieldsOf(row, names)],
    },
    choices: [
      { id: 'user', title: USER, of: (row) => departments(row.user) },
      ...(idle === 'clients'
        ? []
        : [{ id: 'provider', title: PROVIDER, of: (row: IdleRow) => departments(row.provider) }]),
    ],
  };
}

const fieldsOf = ({ dataset = '', fields }: IdleRow, names: Names): readonly string[] =>
  fields.map((field) => names.field(dataset, field) ?? '–');

/** Columns that several of the lists have. */
function shared(names: Names, language: Language) {
  const say = sayIn(language);
  const dayOf = ({ last }: IdleRow): string | undefined =>
    last === undefined ? undefined : localMinute(last).slice(0, 10);
  const grant: Column<IdleRow> = {
    id: 'grant',
    title: { zh: '应用与数据集', en: 'Client and dataset' },
    head: true,
    sorts: true,
    value: ({ client, dataset }) => `${names.client(client) ?? ''} · ${names.dataset(dataset) ?? ''}`,
    cell: (row) => (
      <>
        <a href={`/console/search?grant=${row.grant ?? ''}`}>{names.client(row.client)}</a>
        <span class="plain">{names.dataset(row.dataset)}</span>
        <Id language={language}>{row.grant ?? ''}</Id>
      </>
    ),
  };
  const department = (id: 'user' | 'provider', title: Localised): Column<IdleRow> => ({
    id,
    title,
    sorts: true,
    value: (row) => names.authority(row[id]),
    cell: (row) => names.authority(row[id]) ?? '–',
  });
  const last: Column<IdleRow> = {
    id: 'last',
    title: { zh: '最近使用', en: 'Last used' },
    class: 'date',
    sorts: true,
    value: dayOf,
    cell: (row) => dayOf(row) ?? say('从未', 'never'),
  };
  return { grant, user: department('user', USER), provider: department('provider', PROVIDER), last };
}

function columnsOf(idle: Idle, names: Names, language: Language): readonly Column<IdleRow>[] {
  const { grant, user, provider, last } = shared(names, language);
  const say = sayIn(language);
  switch (idle) {
    case 'clients':
      return [
        {
          id: 'client',
          title: { zh: '应用', en: 'Client' },
          head: true,
          sorts: true,
          value: ({ client }) => names.client(client),
          cell: ({ client }) => (
            <>
              {names.client(client)}
              <Id language={language}>{client}</Id>
            </>
          ),
        },
        user,
        last,
      ];
    case 'fields':
      return [
        grant,
        {
          id: 'fields',
          title: { zh: '字段', en: 'Fields' },
          value: (row) => fieldsOf(row, names).join(say('、', ', ')),
          cell: (row) => fieldsOf(row, names).join(say('、', ', ')),
        },
        {
          id: 'count',
          title: { zh: '字段数', en: 'How many' },
          number: true,
          sorts: true,
          value: ({ fields }) => fields.length,
          cell: ({ fields }) => fields.length,
        },
        provider,
      ];
    case 'grants':
      return [
        grant,
        {
          id: 'law',
          title: { zh: '法律依据', en: 'Legal basis' },
          value: (row) => names.basis(row.grant).join('；'),
          wide: true,
          cell: (row) => <Basis all={names.basis(row.grant)} />,
        },
        provider,
        last,
        {
          id: 'until',
          title: { zh: '截止', en: 'Until' },
          class: 'date',
          sorts: true,
          value: ({ until }) => until,
          cell: ({ until }) => until,
        },
      ];
  }
}

interface PrivilegesProps {
  readonly days: number;
  readonly idle: Idle;
  readonly report: UnusedReport;
  readonly rows: Listed<IdleRow>;
  /** ms since 1970 */
  readonly logBegins: number | undefined;
}

/** What the log cannot say yet. */
function Short({
  language,
  days,
  report,
  logBegins,
}: Omit<PrivilegesProps, 'rows' | 'idle'> & { readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  const begins = logBegins === undefined ? '' : localMinute(logBegins).slice(0, 10);
  return (
    <>
      {logBegins !== undefined && logBegins <= report.since ? null : (
        <p class="notice">
          {logBegins === undefined
            ? say('日志中暂无请求。', 'The log has no requests yet.')
            : say(
                `日志始于 ${begins}，不足 ${days} 天，此前的使用情况无从得知。`,
                `The log begins on ${begins}, less than ${days} days ago: it cannot say what was used before.`,
              )}
        </p>
      )}
      {report.young === 0 ? null : (
        <p class="foot">
          {say(
            `另有 ${report.young} 项授权生效不足 ${days} 天，未作判断。`,
            `${report.young} more grants began less than ${days} days ago: nothing is said of them.`,
          )}
        </p>
      )}
    </>
  );
}

export function privilegesPage(props: PrivilegesProps): JSX.Element {
  const { days, idle, report, rows } = props;
  const { language } = rows;
  const say = sayIn(language);
  return (
    <>
      <div class="head">
        <h1>{say('授权使用情况', 'Least privilege')}</h1>
        <nav class="pills" aria-label={say('天数', 'Days')}>
          {[30, 90, 180, 365].map((n) => (
            <a href={`${PATH}?show=${idle}&days=${n}`} aria-current={n === days ? 'true' : undefined}>
              {say(`${n} 天`, `${n} days`)}
            </a>
          ))}
        </nav>
      </div>
      <p class="lead">
        {say(
          `${days} 天内未使用的授权、字段与应用。不再需要的授权应当及时收回。`,
          `Grants, fields and clients not used in ${days} days. What is not needed should not be granted.`,
        )}
      </p>
      <Short language={language} {...props} />
      <nav class="pills" aria-label={say('内容', 'What')}>
        {IDLES.map((one) => (
          <a href={`${PATH}?show=${one}&days=${days}`} aria-current={one === idle ? 'true' : undefined}>
            {titles[one][language]} {report[one].length}
          </a>
        ))}
      </nav>
      <ListOf listed={rows} class="stack idle" empty={say('都在使用。', 'All of it is used.')} />
    </>
  );
}

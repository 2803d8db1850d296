/**
 * A table of a database as a source: its key, the column that says when a row was changed, and what its columns are
 * called.
 */

import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import type { Localised, Workspace } from '../../contracts/types.js';
import type { Catalogue } from '../sql/catalogue.js';
import type { RawRow, Session, Statement } from '../sql/dialect.js';
import { resolveServer, type ServerSource } from '../sql/server.js';
import { type Answers, AS_SAID, because, type Decision } from './decision.js';
import type { Found } from './propose.js';
import { plain } from './terms.js';
import { simplified } from './traditional.js';

interface Address {
  readonly catalogue: Catalogue;
  readonly server: ServerSource;
  /** Never written and never shown. */
  readonly password: string | undefined;
}

const part = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new YitongError(
      'bad_config',
      'the address of the database holds a `%` that is not followed by two hexadecimal digits',
    );
  }
};

/**
 * `postgres://user:password@host:port/database`. The password goes by the name of an environment variable from here on.
 * @throws YitongError `bad_config`, never with what was given
 */
export function parseAddress(text: string, catalogues: readonly Catalogue[]): Address | undefined {
  const protocol = /^([a-z]+):\/\//.exec(text)?.[1];
  const catalogue = catalogues.find(({ protocols }) => protocols.some((known) => known === protocol));
  if (catalogue === undefined) return undefined;
  if (!URL.canParse(text))
    throw new YitongError(
      'bad_config',
      `the address of the database is written ${catalogue.protocols[0]}://user:password@host:port/database; ` +
        'special characters of the password as %40 and the like',
    );
  const { host, pathname, username, password } = new URL(text);
  const database = part(pathname.slice(1));
  if (host === '' || database === '' || username === '' || database.includes('/'))
    throw new YitongError(
      'bad_config',
      `the address of the database names a user, a host and a database: ${catalogue.protocols[0]}://user@host/database`,
    );
  const variable = `YITONG_FEED_${
    database
      .normalize('NFKD')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 60) || 'DATABASE'
  }`;
  return {
    catalogue,
    server: {
      server: host,
      database,
      user: part(username),
      ...(password === '' ? {} : { password: { env: variable } }),
    },
    password: password === '' ? undefined : part(password),
  };
}

const UPDATED = /updat|modif|chang|last.?(?:edit|write)|mtime|更新|修改|变更时间|gxsj|xgsj/i;
const TIME_TYPE = /^(?:timestamp|datetime|date\b)/i;

interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
  /** Place in the primary key. */
  readonly key: number | undefined;
}

async function ask(session: Session, statement: Statement): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const batch of session.rows(statement)) rows.push(...batch);
  return rows;
}

async function columnsOf(
  session: Session,
  catalogue: Catalogue,
  schema: string,
  table: string | undefined,
): Promise<TableColumn[]> {
  const there = async (): Promise<string> => {
    const tables = (await ask(session, catalogue.tables(schema))).map(([name]) => `\`${name ?? ''}\``);
    return tables.length === 0
      ? `\`${schema}\` has no table that this user may read`
      : `\`${schema}\` has ${tables.slice(0, 40).join(', ')}${tables.length > 40 ? ' and more' : ''}`;
  };
  if (table === undefined) throw new YitongError('bad_config', `say with \`--table\` which one; ${await there()}`);
  const rows = await ask(session, catalogue.columns({ schema, table }));
  if (rows.length === 0) throw new YitongError('bad_config', `there is no table \`${table}\`; ${await there()}`);
  return rows.map(([name, type, comment, key]) => ({
    name: name ?? '',
    type: type ?? '',
    comment: comment ?? '',
    key: key === null || key === undefined ? undefined : Number(key),
  }));
}

const TEXT_TYPE = /char|text|clob|enum|uuid|inet/i;

/** @throws YitongError as the database's errors; `bad_config` where the table has to be said otherwise */
export async function findTable(
  { catalogue, server }: Address,
  answers: Answers,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Found> {
  const [table = '', named] = (answers.table ?? '').split('.').reverse();
  const schema = named ?? catalogue.schema(server.database);
  const place = { file: 'the proposed feed' };
  const session = await catalogue.connect(
    await resolveServer(server, catalogue.port, { workspace, baseDir: workspace.dir, place, env: process.env }),
    signal,
  );
  let columns: TableColumn[];
  try {
    await session.begin();
    columns = await columnsOf(session, catalogue, schema, table === '' ? undefined : table);
  } finally {
    await session.close();
  }
  const key = rowKeyOf(table, columns, answers);
  const updated = updatedOf(columns, answers);
  return {
    source: {
      kind: catalogue.kind,
      ...server,
      ...(schema === catalogue.schema(server.database) ? {} : { schema }),
      table,
      key: key.columns,
      ...present({ updated: updated.column }),
    },
    schedule: updated.column === undefined ? 'PT1H' : 'PT5M',
    // what was deleted is found by its key then
    snapshot: updated.column === undefined,
    decisions: [
      {
        about: 'table',
        proposed: `${schema}.${table}`,
        ...because({ zh: `数据库中的表，${columns.length} 列`, en: `${columns.length} columns of ${catalogue.kind}` }),
        sure: true,
        alternatives: [],
        option: '--table ',
      },
      key.decision,
      updated.decision,
      ...passwordDecision(server),
    ],
    name: table,
    columns: columns.map(({ name }) => name),
    titles: new Map(columns.filter(({ comment }) => plain(comment) !== '').map(({ name, comment }) => [name, comment])),
    texts: new Set(columns.filter(({ type }) => TEXT_TYPE.test(type)).map(({ name }) => name)),
  };
}

/** @throws YitongError `bad_config` where the table has no such column */
function refuseUnknown(columns: readonly TableColumn[], names: readonly string[], option: string): void {
  const unknown = names.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined)
    throw new YitongError('bad_config', `\`--${option}\`: the table has no column \`${unknown}\``);
}

/** The columns that tell rows apart. @throws YitongError `bad_config` where nothing says which */
function rowKeyOf(
  table: string,
  columns: readonly TableColumn[],
  { rowKey }: Answers,
): { readonly columns: readonly string[]; readonly decision: Decision } {
  if (rowKey !== undefined) refuseUnknown(columns, rowKey, 'row-key');
  const primary = columns
    .filter(({ key }) => key !== undefined)
    .sort((a, b) => (a.key ?? 0) - (b.key ?? 0))
    .map(({ name }) => name);
  const key = rowKey ?? primary;
  if (key.length === 0)
    throw new YitongError(
      'bad_config',
      `\`${table}\` has no primary key (is it a view?); say with \`--row-key\` which columns tell its rows apart`,
    );
  return {
    columns: key,
    decision: {
      about: 'row key',
      proposed: key.join(', '),
      ...because(rowKey === undefined ? { zh: '数据表的主键', en: 'the primary key of the table' } : AS_SAID),
      sure: true,
      alternatives: [],
      option: '--row-key ',
    },
  };
}

/** The column that says when a row was changed; undefined where none does, so that all is read each time. */
function updatedOf(
  columns: readonly TableColumn[],
  { updated: named }: Answers,
): { readonly column: string | undefined; readonly decision: Decision } {
  const times = columns.filter(({ type }) => TIME_TYPE.test(type));
  const likely = times.find(({ name, comment }) => UPDATED.test(name) || UPDATED.test(simplified(comment)))?.name;
  if (named !== undefined && named !== 'none') refuseUnknown(columns, [named], 'updated');
  const column = named === undefined ? likely : named === 'none' ? undefined : named;
  const reason: Localised =
    named !== undefined
      ? AS_SAID
      : column === undefined
        ? {
            zh: '没有一列像是修改时间：每次读取整张表',
            en: 'no time column is named like one of changes: every run reads the whole table',
          }
        : {
            zh: '列名像是修改时间；如果修改时没有更新这一列，就看不到修改',
            en: 'a time whose name speaks of changes; if a row is changed without it, the change is not seen',
          };
  const others = times.map(({ name }) => name).filter((name) => name !== column);
  return {
    column,
    decision: {
      about: 'updated',
      proposed: column ?? 'none',
      ...because(reason),
      sure: named !== undefined || column === undefined,
      alternatives: column === undefined ? [] : ['none', ...others],
      option: '--updated ',
    },
  };
}

function passwordDecision({ password }: ServerSource): Decision[] {
  if (password === undefined || !('env' in password)) return [];
  return [
    {
      about: 'password',
      proposed: `from ${password.env}`,
      ...because({
        zh: '配置中不保存密码：请在运行处设置这个环境变量',
        en: 'a feed holds no password: set this environment variable where the connector runs',
      }),
      sure: true,
      alternatives: [],
      option: '',
    },
  ];
}

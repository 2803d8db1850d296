/**
 * The controlled vocabularies that DCAT-AP 3 asks for: ids of the tables of the Publications Office of the European
 * Union, and how ours are said by them.
 */
import { parseDuration } from '../duration.js';
import type { Localised, SharingAttribute } from '../types.js';

const TABLES = 'http://publications.europa.eu/resource/authority';

export type TableName =
  | 'frequency'
  | 'access-right'
  | 'data-theme'
  | 'language'
  | 'country'
  | 'file-type'
  | 'planned-availability';

export const tableIri = (table: TableName): string => `${TABLES}/${table}`;
export const codeIri = (table: TableName, code: string): string => `${TABLES}/${table}/${code}`;
/** The code of an id of that table; undefined of any other id. */
export function codeOf(table: TableName, iri: string): string | undefined {
  const start = `${tableIri(table)}/`;
  return iri.startsWith(start) ? iri.slice(start.length) : undefined;
}

/** What the codes that occur here are called, so that what is exported explains itself. */
export const LABELS: Readonly<Partial<Record<TableName, Readonly<Record<string, Localised>>>>> = {
  'access-right': {
    RESTRICTED: { zh: '受限', en: 'restricted' },
    NON_PUBLIC: { zh: '不公开', en: 'non-public' },
  },
  language: { ZHO: { zh: '中文', en: 'Chinese' }, ENG: { zh: '英文', en: 'English' } },
  country: { CHN: { zh: '中国', en: 'China' } },
  'file-type': { JSON: { zh: 'JSON', en: 'JSON' } },
  'planned-availability': { AVAILABLE: { zh: '可用', en: 'available' } },
};

/**
 * Shared among departments is not open to everybody: of the Union's three classes it is the second, with conditions or
 * without them.
 */
export const accessRight = (attribute: SharingAttribute): string =>
  attribute === 'none' ? 'NON_PUBLIC' : 'RESTRICTED';

/** The duration by which each code is read back stands first. */
const FREQUENCIES: Readonly<Record<string, readonly string[]>> = {
  '1MIN': ['PT1M'],
  '5MIN': ['PT5M'],
  '10MIN': ['PT10M'],
  '15MIN': ['PT15M'],
  '30MIN': ['PT30M'],
  HOURLY: ['PT1H'],
  BIHOURLY: ['PT2H'],
  TRIHOURLY: ['PT3H'],
  '12HRS': ['PT12H'],
  DAILY: ['P1D'],
  WEEKLY: ['P7D'],
  BIWEEKLY: ['P14D'],
  MONTHLY: ['P31D', 'P30D'],
  QUARTERLY: ['P92D', 'P90D', 'P91D'],
  ANNUAL_2: ['P183D', 'P182D'],
  ANNUAL: ['P366D', 'P365D'],
};

export function frequencyCode(duration: string): string {
  const ms = parseDuration(duration);
  const found = Object.entries(FREQUENCIES).find(([, all]) => all.some((one) => parseDuration(one) === ms));
  return found?.[0] ?? 'OTHER';
}
/** Undefined of a code that says no interval. */
export const durationOfCode = (code: string): string | undefined =>
  Object.hasOwn(FREQUENCIES, code) ? FREQUENCIES[code]?.[0] : undefined;

const THEMES: Readonly<Record<string, readonly string[]>> = {
  ECON: ['市场监管', '税务', '商务', '知识产权', '经济信息化', '烟草专卖', '公共信用信息', '法人信息'],
  SOCI: ['社会保险', '劳动用工', '住房公积金', '民政', '个人信息'],
  HEAL: ['医疗保障', '卫生健康', '药品监管'],
  ENVI: ['生态环境', '水务', '海洋', '绿化林业', '市容环卫'],
  TRAN: ['交通运输'],
  JUST: ['公安管理', '消防安全', '安全生产'],
  REGI: ['住房城乡建设', '房屋管理', '规划资源', '城管执法'],
  AGRI: ['农业农村'],
  EDUC: ['教育'],
  TECH: ['科技'],
};
/** At least one: what no theme fits is about government. */
export function themesOf(domains: readonly string[], category: string | undefined): readonly string[] {
  const of = domains.length > 0 ? domains : category === undefined ? [] : [category];
  const found = Object.keys(THEMES).filter((theme) => THEMES[theme]?.some((one) => of.includes(one)) === true);
  return found.length === 0 ? ['GOVE'] : found;
}

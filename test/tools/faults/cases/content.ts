/**
 * One matter of three departments that needs no register: two use the API, the third its topics. One item takes effect
 * with another, one refusal leaves a task.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../../gateway/ground/files/places.js';
import { PURPOSE } from '../workspace.js';

export const BUNDLE = 'shop';
/** The client through which people apply, and those of the departments that use the API. */
export const COUNTER = 'asker';
export const OVER_API = { faults: 'publisher', north: 'north-system' } as const;
/** Whose system takes part over the bus. */
export const OVER_BUS = 'south';
export const ITEMS = ['base', 'north', 'south', 'seal'] as const;

const CALENDAR = 'contracts/calendars/mainland.json';
const title = (en: string) => ({ zh: '示例', en });
const form = {
  title: '申请表',
  type: 'object',
  required: ['name', 'size'],
  properties: { name: { title: '名称', element: 'shop.name' }, size: { title: '面积', element: 'shop.size' } },
};
const item = (authority: string, more: object = {}) => ({
  title: title(authority),
  authority,
  basis: ['示例办法第一条（示例）'],
  term: { unit: 'working-days', days: 5, stops: true, basis: ['示例办法第二条（示例）'] },
  ...more,
});
const refused = (item: string, more: object = {}) => ({ title: title(item), kind: 'refused', item, ...more });

const bundle = {
  title: title('shop'),
  summary: title('a shop is opened'),
  authority: 'faults',
  client: COUNTER,
  purpose: PURPOSE,
  applicant: 'company',
  basis: ['示例办法第一条（示例）'],
  reviewed: '2026-11-30',
  intents: { says: ['我想开店'], not: [{ says: '我想开一家工厂' }] },
  questions: {},
  items: {
    base: item('faults'),
    north: item('north', { after: ['base'] }),
    south: item('south', { after: ['base'] }),
    seal: item('south', { after: ['base'], prepared: 'north' }),
  },
  materials: {},
  outcomes: {
    done: { title: title('done'), kind: 'done' },
    'base-refused': refused('base'),
    'north-refused': refused('north', {
      stands: ['south'],
      task: { owner: 'north', says: title('told'), unit: 'working-days', days: 1 },
    }),
    'south-refused': refused('south', { stands: ['north'], tells: ['north'] }),
    'seal-refused': refused('seal', { stands: ['north', 'south'] }),
  },
  steps: {
    fill: { title: title('fill in'), uses: ['form', 'identity', 'signature'] },
    collect: { title: title('collect'), uses: ['collect'] },
  },
  usual: { answers: {} },
};

/** Files of a workspace, by their paths in it. */
export const content: Readonly<Record<string, unknown>> = {
  [`contracts/bundles/${BUNDLE}/bundle.json`]: bundle,
  ...Object.fromEntries(ITEMS.map((name) => [`contracts/bundles/${BUNDLE}/forms/${name}.json`, form])),
  'contracts/elements.json': {
    groups: { shop: title('shop') },
    elements: {
      'shop.name': { title: title('name'), type: 'text', examples: ['好味餐馆'] },
      'shop.size': { title: title('size'), type: 'integer', examples: [120] },
    },
  },
  [CALENDAR]: readFileSync(join(packageRoot(), CALENDAR), 'utf8'),
  'contracts/datasets/north/authority.json': { name: title('north') },
  'contracts/datasets/south/authority.json': { name: title('south') },
};

/** With what a matter is opened, by the name of its content: inputs of a form, and what was sent in them. */

import type { Localised } from '../../../../contracts/localised.js';
import type { Json } from '../../../ground/state/port.js';
import { formFault } from '../../plugins/forms.js';
import { type Sent, several, text } from './sent.js';

export interface Input {
  readonly name: string;
  readonly title: Localised;
  readonly kind:
    | 'grant'
    | 'dataset'
    | 'own-dataset'
    | 'any-dataset'
    | 'department'
    | 'client'
    | 'purpose'
    | 'authority'
    | 'authorities'
    | 'text'
    | 'texts'
    | 'day'
    | 'choice';
  readonly required: boolean;
  /** Required where that other one is left empty. */
  readonly unless?: string;
  /** When it is filled in. */
  readonly hint?: Localised;
  readonly choices?: Readonly<Record<string, Localised>>;
}

const input = (name: string, kind: Input['kind'], zh: string, en: string, required = true): Input => ({
  name,
  kind,
  title: { zh, en },
  required,
});

/** What is not here is written by API or command line: an entry of the catalogue is a whole file. */
export const CONTENT_INPUTS: Readonly<Record<string, readonly Input[]>> = {
  'of-grant': [input('grant', 'grant', '涉及的授权', 'Grant')],
  'of-dispute': [
    input('grant', 'grant', '涉及的授权', 'Grant', false),
    {
      ...input('dataset', 'any-dataset', '涉及的数据集', 'Dataset', false),
      unless: 'grant',
      hint: { zh: '未选授权时填写', en: 'where no grant is chosen' },
    },
    {
      ...input('requester', 'department', '需求部门', 'Requester', false),
      unless: 'grant',
      hint: { zh: '未选授权，或者授权属于其他地区时填写', en: 'where no grant is chosen, or it is another region’s' },
    },
  ],
  'of-widening': [
    input('grant', 'grant', '涉及的授权', 'Grant'),
    input('purposes', 'purpose', '增加的用途', 'Further purpose', false),
    input('areas', 'texts', '增加的区域代码（多个用空格隔开）', 'Further areas', false),
    input('thirdParties', 'texts', '提供给的第三方或者受托单位（多个用空格隔开）', 'Third parties', false),
  ],
  'of-service': [
    input('dataset', 'own-dataset', '数据集', 'Dataset'),
    {
      ...input('change', 'choice', '变更内容', 'What changes'),
      choices: {
        contract: { zh: '不兼容的数据结构变更', en: 'a breaking contract' },
        delivery: { zh: '取消提供方式', en: 'a way of delivery goes' },
        end: { zh: '停止提供', en: 'it is given no more' },
      },
    },
    {
      ...input('delivery', 'choice', '取消的提供方式', 'Which way goes', false),
      choices: {
        query: { zh: '查询', en: 'query' },
        verify: { zh: '核验', en: 'verification' },
        batch: { zh: '批量查询', en: 'batch' },
        file: { zh: '文件交换', en: 'file' },
        subscription: { zh: '订阅', en: 'subscription' },
      },
    },
  ],
  'of-area': [
    input('dataset', 'dataset', '数据集', 'Dataset'),
    input('client', 'client', '使用系统', 'System'),
    input('purpose', 'purpose', '用途', 'Purpose'),
    input('field', 'text', '区域字段', 'Field of the area'),
    input('until', 'day', '至何日止', 'Until'),
  ],
  'of-record': [
    input('dataset', 'dataset', '数据集', 'Dataset'),
    input('recordId', 'text', '记录标识', 'Record', false),
  ],
  'of-element': [
    input('element', 'text', '数据元', 'Element'),
    input('authorities', 'authorities', '涉及的单位', 'Authorities'),
  ],
  'of-order': [input('authority', 'authority', '被责令的单位', 'Whom it is for')],
};

/** Members that hold a list. */
const LISTS: ReadonlySet<string> = new Set(['purposes', 'areas', 'thirdParties', 'authorities', 'delivery']);

/** @throws YitongError with what is missing, beside its field */
export function contentOf(body: Sent, inputs: readonly Input[]): Json {
  const content: Record<string, Json> = {};
  const faults: Record<string, Localised> = {};
  for (const { name, title, kind, required, unless } of inputs) {
    const sent = body[`content.${name}`];
    const all = kind === 'texts' ? text(sent).split(/[\s、,，]+/) : several(sent).map((one) => one.trim());
    const values = all.filter((one) => one !== '').map((one) => one.slice(0, 200));
    const [first] = values;
    if (first !== undefined) content[name] = LISTS.has(name) ? values : first;
    else if (required || (unless !== undefined && text(body[`content.${unless}`]) === ''))
      faults[`content.${name}`] = { zh: `请填写“${title.zh}”。`, en: `Say: ${title.en}.` };
  }
  if (Object.keys(faults).length > 0) throw formFault(faults, 'act_incomplete');
  return content;
}

/** A paper for tests, with whatever can stand in one. */
import type { PaperDocument } from '../../../gateway/procedures/cases/papers.js';
import type { MadeValue } from '../../../gateway/procedures/materials/made.js';

const both = (zh: string, en: string) => ({ zh, en });
const value = (element: string, zh: string, more: Partial<MadeValue> = {}): MadeValue => ({
  element,
  title: both(`填报项 ${element}`, `Item ${element}`),
  group: both(element.split('.')[0] === 'a' ? '企业' : '场所', element.split('.')[0] === 'a' ? 'Company' : 'Premises'),
  text: both(zh, zh),
  from: 'asked',
  ...more,
});

export function samplePaper(more: Partial<PaperDocument> = {}): PaperDocument {
  return {
    case: '0123456789abcdef',
    bundle: both('开办餐饮店', 'Opening a restaurant'),
    title: both('开办餐饮店申请书', 'Application'),
    heading: '开办餐饮店申请书',
    blocks: [
      { block: 'text', text: '申请人：云州市云溪区好味餐饮有限公司' },
      { block: 'form' },
      { block: 'heading', text: '食品安全管理制度目录' },
      { block: 'text', text: '从业人员健康管理、进货查验记录。' },
    ],
    values: [
      value('a.name', '云州市云溪区好味餐饮有限公司', {
        from: 'register',
        register: {
          dataset: 'samr.company-register',
          name: both('企业登记信息', 'Company register'),
          sourceTime: '2026-11-29T16:00:00Z',
        },
      }),
      value('a.id', '91990101MA0000001X', { from: 'identity' }),
      value('b.number', '', { from: 'issued' }),
      value('b.area', '320'),
    ],
    hidden: 0,
    attached: [
      {
        material: 'plan',
        title: both('场所平面图', 'Floor plan'),
        type: 'image/png',
        size: 12_345,
        digest: 'ibk-aiRw0u2dCKiAETHMGiwfLSlBEIQ8UusFtdiUksA',
      },
    ],
    parts: [both('食品安全管理制度目录', 'List of safety rules')],
    state: 'filed',
    digest: 'ibk-aiRw0u2dCKiAETHMGiwfLSlBEIQ8UusFtdiUksA',
    signed: { at: '2026-11-30T01:00:00Z', receipt: 'signature-48f3daf068e9aacc' },
    filedAt: '2026-11-30T01:01:00Z',
    ...more,
  };
}

/** What was done to a case, as histories and pages tell it to everybody. */
import type { Localised } from '../../../contracts/types.js';
import type { ActName } from './machine.js';

export const ACTS: Readonly<Record<ActName, Localised>> = {
  open: { zh: '开始填写', en: 'begun' },
  save: { zh: '保存草稿', en: 'draft saved' },
  submit: { zh: '提交申请', en: 'submitted' },
  recall: { zh: '对方地区撤回', en: 'taken back by the other region' },
  withdraw: { zh: '撤回申请', en: 'withdrawn' },
  attach: { zh: '上传材料', en: 'a material was uploaded' },
  step: { zh: '完成一个步骤', en: 'a step was done' },
  ask: { zh: '要求补正', en: 'a supplement is asked for' },
  give: { zh: '提交补正', en: 'the supplement was given' },
  grant: { zh: '同意办理', en: 'granted' },
  refuse: { zh: '不予办理', en: 'refused' },
  pass: { zh: '经核查无需办理', en: 'found not to apply' },
  settle: { zh: '后续事项已处理', en: 'what was left is done' },
  rate: { zh: '评价', en: 'rated' },
  answer: { zh: '回复评价', en: 'the rating was answered' },
  stop: { zh: '终止办理', en: 'stopped' },
};

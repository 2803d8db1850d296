/** A merge in words, for people. */
import { authorityTitle } from '../authorities.js';
import type { Workspace } from '../types.js';
import { figuresOf, handedIn } from './figures.js';
import type { Merged, MergedField } from './merge.js';
import { ruleText } from './rule.js';

type Language = 'zh' | 'en';

const less = (before: number, after: number): number => (before === 0 ? 0 : Math.round((1 - after / before) * 100));

/** Where a field's value comes from: `samr.company-register.name`. */
function sourceText({ way }: MergedField, language: Language): string {
  switch (way.way) {
    case 'register':
      return way.sources.map(({ contract, field }) => `${contract.id}.${field}`).join(', ');
    case 'identity':
      return language === 'zh' ? '登录账号' : 'the account';
    case 'issued':
      return language === 'zh' ? `事项 ${way.item} 办结后产生` : `issued by ${way.item}`;
    case 'question':
      return language === 'zh' ? `问题 ${way.question}` : `question ${way.question}`;
    case 'asked':
      return language === 'zh' ? '申请人填写' : 'asked';
  }
}

/** Lines: items, what is asked, what is filled and from where, materials, obstacles, figures. */
export function overviewOf(merged: Merged, workspace: Workspace, language: Language): readonly string[] {
  const { bundle, items, stages, fields, questions, open, obstacles, materials } = merged;
  const zh = language === 'zh';
  const say = (inZh: string, inEn: string): string => (zh ? inZh : inEn);
  const authorityName = (id: string): string => authorityTitle(workspace, id, language);
  const figures = figuresOf(merged);
  const condition = (field: MergedField): string =>
    field.shown === 'yes'
      ? ''
      : say(`（视情况：${ruleText(field.condition)}）`, ` (where ${ruleText(field.condition)})`);
  const asked = fields.filter(({ way }) => way.way === 'asked' || way.way === 'question');
  const filled = fields.filter((field) => !asked.includes(field));
  return [
    `${bundle.title[language]} (${bundle.id})`,
    '',
    say('事项', 'items'),
    ...stages.flatMap((stage, at) =>
      items
        .filter(({ item }) => stage.includes(item.id))
        .map(
          ({ item, applies }) =>
            `  ${at + 1}. ${item.title[language]} — ${authorityName(item.authority)}` +
            (applies === 'yes' ? '' : say('（视情况）', ' (perhaps)')),
        ),
    ),
    '',
    say('问题', 'questions'),
    ...questions.map(
      (one) => `  ${one.id}: ${one.asks[language]}${open.includes(one) ? say('（未回答）', ' (open)') : ''}`,
    ),
    '',
    say('申请人填写', 'asked'),
    ...asked.map((field) => `  ${field.element.title[language]} [${field.element.id}]${condition(field)}`),
    '',
    say('自动填充', 'filled in'),
    ...filled.map((field) => `  ${field.element.title[language]}: ${sourceText(field, language)}${condition(field)}`),
    '',
    say('材料', 'materials'),
    ...materials.map(
      ({ material, needed }) =>
        `  ${handedIn(material) ? '+' : '-'} ${material.title[language]}` +
        (needed === 'yes' ? '' : say('（视情况）', ' (perhaps)')),
    ),
    ...(obstacles.length === 0 ? [] : ['', say('可能的障碍', 'what may stand in the way')]),
    ...obstacles.map(
      ({ requirement, state, owners }) =>
        `  ${state === 'no' ? say('不符合', 'no') : say('未知', 'unknown')}: ${requirement.says[language]}` +
        (owners.length === 0 ? '' : ` — ${owners.map(authorityName).join(', ')}`),
    ),
    '',
    `${say('表单', 'forms')} ${figures.forms.before} → ${figures.forms.after}`,
    `${say('填写项', 'fields asked')} ${figures.fields.before} → ${figures.fields.after} ` +
      `(−${less(figures.fields.before, figures.fields.after)}%)`,
    `${say('材料', 'materials')} ${figures.materials.before} → ${figures.materials.after}`,
  ];
}

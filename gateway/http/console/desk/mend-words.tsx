/** What a part of a mend changes, in the words of whoever looks after the data. */
import type { JSX } from 'preact';
import type { Step } from '../../../../connectors/feed.js';
import type { Edit } from '../../../../connectors/propose/mend-edits.js';
import type { Codelist } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { DraftPart } from '../../publishing/mend-drafts.js';

/** A day as the form writes it. */
const exampleOf = (form: string): string =>
  form === 'iso'
    ? '2024-03-05T07:08:09'
    : form
        .replace('yyyy', '2024')
        .replace('MM', '03')
        .replace('dd', '05')
        .replace('HH', '07')
        .replace('mm', '08')
        .replace('ss', '09')
        .replace(/M/, '3')
        .replace(/d/, '5')
        .replace(/H/, '7');

const stepsOf = (edits: readonly Edit[]): readonly Exclude<Step, string>[] =>
  edits.flatMap((edit) => (edit.do === 'before' ? edit.steps.filter((step) => typeof step === 'object') : []));

/** Signs of the source stand as they are. */
const Sign = ({ children }: { readonly children: string }): JSX.Element => <b class="own">{children}</b>;

function joined(all: readonly JSX.Element[], between: string): (JSX.Element | string)[] {
  return all.flatMap((one, at) => (at === 0 ? [one] : [between, one]));
}

const removed = (edits: readonly Edit[]): readonly string[] =>
  stepsOf(edits).flatMap((step) => ('replace' in step && step.replace.by === '' ? [step.replace.text] : []));

interface WordsProps {
  readonly part: DraftPart;
  readonly language: Language;
  /** Of the field. */
  readonly codelist: Codelist | undefined;
}

export function PartWords({ part: { kind, edits }, language, codelist }: WordsProps): JSX.Element {
  const zh = language === 'zh';
  const signs = joined(
    removed(edits).map((sign) => <Sign>{sign}</Sign>),
    zh ? '、' : ', ',
  );
  switch (kind) {
    case 'halfwidth':
      return (
        <>{zh ? '全角字母、数字和标点按半角读取' : 'Full-width letters, digits and signs are read as half-width'}</>
      );
    case 'invisible':
      return <>{zh ? '去掉看不见的字符' : 'Signs that nobody sees are left out'}</>;
    case 'spaces':
      return <>{zh ? '去掉中间的空格' : 'Spaces within are left out'}</>;
    case 'upper':
      return <>{zh ? '小写字母按大写读取' : 'Lower-case letters are read as upper-case'}</>;
    case 'separator':
      return <>{zh ? ['去掉分隔符 ', ...signs] : ['Separators are left out: ', ...signs]}</>;
    case 'decimals':
      return <>{zh ? '去掉末尾多余的小数零' : 'Decimals of zero at the end are left out'}</>;
    case 'zeros': {
      const length = stepsOf(edits).flatMap((step) => ('padStart' in step ? [step.padStart.length] : []))[0] ?? 0;
      return (
        <>
          {zh
            ? `补回前导零，补足 ${String(length)} 位；校验码随之相符`
            : `Leading zeros are put back, to ${String(length)} places; check digits hold then`}
        </>
      );
    }
    case 'lookalike': {
      const pairs = stepsOf(edits).flatMap((step) => ('replace' in step ? [step.replace] : []));
      const [{ text, by } = { text: '', by: '' }] = pairs;
      return (
        <>
          {zh ? '字母 ' : 'The letter '}
          <Sign>{text}</Sign>
          {zh ? ' 按数字 ' : ' is read as the digit '}
          <Sign>{by}</Sign>
          {zh
            ? ' 读取；该代码不使用此字母，校验码随之相符'
            : ': the key has no such letter, and check digits hold then'}
        </>
      );
    }
    case 'date': {
      const forms = edits.flatMap((edit) => (edit.do === 'forms' ? edit.forms : []));
      const shown = joined(
        forms.map((form) => <Sign>{exampleOf(form)}</Sign>),
        zh ? '、' : ', ',
      );
      return <>{zh ? ['也按这样的写法读取日期：', ...shown] : ['Dates may be written so as well: ', ...shown]}</>;
    }
    case 'group': {
      const group = edits.flatMap((edit) => (edit.do === 'group' ? [edit.group] : []))[0];
      return group === undefined ? (
        <>{zh ? ['去掉千位分隔符 ', ...signs] : ['Signs between thousands are left out: ', ...signs]}</>
      ) : (
        <>
          {zh ? '数字可带千位分隔符 ' : 'Digits may be grouped by '}
          <Sign>{group === ' ' ? (zh ? '空格' : 'space') : group}</Sign>
        </>
      );
    }
    case 'words': {
      const pairs = edits.flatMap((edit) => (edit.do === 'words' ? Object.entries(edit.codes) : []));
      const shown = pairs.map(([word, code]) => (
        <>
          <Sign>{word}</Sign>
          {' → '}
          {codelist?.codes.get(code)?.[language] ?? <Sign>{code}</Sign>}
        </>
      ));
      return (
        <>{zh ? ['增加代码对照：', ...joined(shown, '；')] : ['A word is given its code: ', ...joined(shown, '; ')]}</>
      );
    }
    case 'booleans': {
      const words = edits.flatMap((edit) => (edit.do === 'booleans' ? [...edit.true, ...edit.false] : []));
      const shown = joined(
        words.map((word) => <Sign>{word}</Sign>),
        ' / ',
      );
      return <>{zh ? ['增加是与否的写法：', ...shown] : ['Words for yes and no: ', ...shown]}</>;
    }
    case 'empty': {
      const words = stepsOf(edits).flatMap((step) => ('nullIf' in step ? step.nullIf : []));
      const shown = joined(
        words.map((word) => <Sign>{word}</Sign>),
        zh ? '、' : ', ',
      );
      return <>{zh ? ['以下写法按“没有填写”处理：', ...shown] : ['These mean that there is no value: ', ...shown]}</>;
    }
  }
}

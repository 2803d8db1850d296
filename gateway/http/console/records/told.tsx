/** Corrections of which the department's own systems were told, since they had the record. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';
import { TOLD_PATH } from './words.js';

export interface ToldLine {
  readonly dataset: Localised;
  readonly client: Localised;
  readonly at: string;
  readonly receipts: readonly string[];
  readonly matter: string;
}

/** What there is of one that was told, and by what they are narrowed. */
export function toldListing(language: Language): Listing<ToldLine> {
  const named = (of: (line: ToldLine) => Localised) => (line: ToldLine) => [
    { value: of(line).en, title: of(line)[language] },
  ];
  return {
    id: 'corrections-told',
    path: TOLD_PATH,
    columns: columnsOf(language),
    keyOf: ({ matter, client }) => `${matter} ${client.en}`,
    choices: [
      { id: 'dataset', title: { zh: '数据集', en: 'Dataset' }, of: named(({ dataset }) => dataset) },
      { id: 'client', title: { zh: '应用', en: 'System' }, of: named(({ client }) => client) },
    ],
    period: { title: { zh: '告知时间', en: 'Told' }, at: ({ at }) => Date.parse(at) },
  };
}

const columnsOf = (language: Language): readonly Column<ToldLine>[] => {
  const and = language === 'zh' ? '、' : ', ';
  return [
    {
      id: 'dataset',
      title: { zh: '数据集', en: 'Dataset' },
      head: true,
      sorts: true,
      value: ({ dataset }) => dataset[language],
      cell: ({ dataset }) => dataset[language],
    },
    {
      id: 'client',
      title: { zh: '应用', en: 'System' },
      sorts: true,
      value: ({ client }) => client[language],
      cell: ({ client }) => client[language],
    },
    {
      id: 'receipts',
      title: { zh: '曾获得该记录的回执', en: 'Receipts by which it had the record' },
      value: ({ receipts }) => receipts.join(and),
      cell: ({ receipts }) => <span class="mono exact">{receipts.join(and)}</span>,
    },
    {
      id: 'at',
      title: { zh: '告知时间（北京时间）', en: 'Told (UTC+8)' },
      sorts: true,
      value: ({ at }) => localMinute(Date.parse(at)),
      cell: ({ at }) => <time dateTime={at}>{localMinute(Date.parse(at))}</time>,
    },
  ];
};

export function toldPage({
  language,
  of,
  lines,
}: {
  readonly language: Language;
  readonly of: string;
  readonly lines: Listed<ToldLine>;
}): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/console/applications">{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('更正告知', 'Corrections told')}</h1>
      <p class="lead">
        {say(
          `${of}。本单位应用曾获得的记录经校核答复后在此告知；请按回执核对是否已经使用。`,
          `${of}. Records that own systems had, and of which a correction was answered: look up what used them.`,
        )}
      </p>
      <ListOf listed={lines} empty={say('没有需要告知本单位的更正', 'Nothing to tell.')} />
    </>
  );
}

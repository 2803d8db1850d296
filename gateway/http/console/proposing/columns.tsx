/** What is asked about one column: how its values are read, what it is, and how it is classified. */
import type { JSX } from 'preact';
import type { Decision } from '../../../../connectors/propose/decision.js';
import type { ColumnProfile } from '../../../../connectors/propose/profile.js';
import { CLASSIFICATIONS } from '../../../../contracts/types.js';
import { ChoiceField, TextField } from '../../ui/form.js';
import { typeName } from '../datasets/dataset.js';
import { columnQuestion, dateValue, isSaid } from './answers.js';
import { Asked, type Asking, type Option, Reason, type State, stateOf, unsaid } from './asking.js';
import { classWords, dateWords } from './words.js';

const PARTS = ['type', 'name', 'class'] as const;
type Part = (typeof PARTS)[number];
const MAX_INT = 2_147_483_647;
const ORDER: readonly State[] = ['open', 'said', 'seen'];

/** What was decided of a part of a column; nothing where it has no field. */
function decisionOf(column: ColumnProfile, part: Part, { tried, decided }: Asking): Decision | undefined {
  const field = tried.proposal?.fields.find((one) => one.column === column.name)?.field;
  return field === undefined ? undefined : decided(`${field} ${part}`);
}

/**
 * Columns that something is open or answered of, and the one that somebody chose; each once, under what is most
 * pressing of it.
 */
export function columnsToAsk(asking: Asking): readonly { readonly column: ColumnProfile; readonly state: State }[] {
  const { tried, said } = asking;
  if (tried.proposal === undefined) return [];
  return tried.columns.flatMap((column) => {
    const chosen = said['more'] === String(column.number);
    const states = PARTS.map((part) => stateOf(columnQuestion(part, column), decisionOf(column, part, asking), asking));
    const state = ORDER.find((one) => states.includes(one)) ?? 'seen';
    if (chosen) return [{ column, state: 'open' as const }];
    return state === 'seen' ? [] : [{ column, state }];
  });
}

/** Ways in which the values of the column could be read. */
function typeOptions({ numbers, values, dates }: ColumnProfile, { language }: Asking): readonly Option[] {
  const found = dates.choose();
  const kinds = [
    'text',
    ...(numbers.integers > 0 ? [numbers.largest > MAX_INT ? 'long' : 'int'] : []),
    ...(numbers.integers + numbers.others > 0 ? ['decimal'] : []),
    ...(values?.size === 2 ? ['boolean'] : []),
  ];
  return [
    ...kinds.map((kind) => ({ value: kind, title: typeName(kind)[language] })),
    ...[...new Set([...(found?.forms ?? []), ...(found?.otherwise ?? [])])].map((form) => ({
      value: dateValue(form),
      title: dateWords(form, language),
      own: true,
    })),
  ];
}

/** What registers call their columns, but for what another column is already. */
function nameOptions(column: ColumnProfile, { tried, language, say }: Asking): readonly Option[] {
  const taken = new Set(tried.proposal?.fields.filter((one) => one.column !== column.name).map(({ field }) => field));
  const own = tried.proposal?.fields.find((one) => one.column === column.name)?.field;
  const known = tried.terms.terms.filter(({ field }) => !taken.has(field));
  return [
    ...known.map((term) => ({ value: term.field, title: term[language], own: true })),
    ...(own === undefined || known.some(({ field }) => field === own)
      ? []
      : [{ value: own, title: say('以上都不是，保留原列名', 'none of these: its title is kept') }]),
  ];
}

export function ColumnQuestions({
  column,
  state,
  asking,
}: {
  readonly column: ColumnProfile;
  readonly state: State;
  readonly asking: Asking;
}): JSX.Element {
  const { say, language, said, tried } = asking;
  const number = String(column.number);
  const labels: Readonly<Record<Part, string>> = {
    type: say('值怎么读？', 'How are its values read?'),
    name: say('这一列是什么？', 'What is it?'),
    class: say('属于哪一类信息？', 'How is it classified?'),
  };
  const options: Readonly<Record<Part, readonly Option[]>> = {
    type: typeOptions(column, asking),
    name: nameOptions(column, asking),
    class: CLASSIFICATIONS.map((one) => ({ value: one, title: classWords(one, language) })),
  };
  return (
    <Asked question={`column ${number}`} state={state} decision={undefined} asking={asking}>
      <h3 class="own">{asking.options.find(({ value }) => value === number)?.title ?? column.name}</h3>
      <div class="three">
        {PARTS.map((part) => {
          const decision = decisionOf(column, part, asking);
          return (
            <div>
              <ChoiceField
                name={`${part}.${number}`}
                label={labels[part]}
                value={said[`${part}.${number}`] ?? ''}
                fault={tried.faults[`${part}.${number}`]}
                options={[unsaid(decision, asking, isSaid(said, columnQuestion(part, column))), ...options[part]]}
              />
              {decision === undefined ? null : <Reason of={decision} language={language} />}
            </div>
          );
        })}
      </div>
      <TextField
        name={`own.${number}`}
        label={say('或者自拟字段名（以英文字母开头，可含数字和下划线）', 'Or a field name of your own (letters first)')}
        value={said[`own.${number}`] ?? ''}
        fault={tried.faults[`own.${number}`]}
        maxLength={60}
        autocomplete="off"
        spellcheck={false}
      />
    </Asked>
  );
}

/**
 * What a sample cannot say by itself, asked with its reasons: each answer is a field of one form, with which the
 * sample goes along. What is open stands first, then what was answered, then what is plain and can be said otherwise.
 */
import type { JSX } from 'preact';
import type { Decision } from '../../../../connectors/propose/decision.js';
import { maskedText } from '../../../../connectors/propose/masked.js';
import type { ColumnProfile } from '../../../../connectors/propose/profile.js';
import { CHARSETS } from '../../../../connectors/reading/charset.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField, FaultSummary, Form, formId, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { goneValue, isSaid, NOT_THERE, READING } from './answers.js';
import { Asked, type Asking, type Option, type QuestionsProps, Reason, type State, stateOf, unsaid } from './asking.js';
import { ColumnQuestions, columnsToAsk } from './columns.js';
import type { Tried } from './sample.js';
import {
  charsetWords,
  delimiterWords,
  headerWords,
  itemWords,
  NOTES,
  QUESTIONS,
  schemeWords,
  valueWords,
  zeroWords,
} from './words.js';

const PATH = '/console/feeds/new';
const DELIMITERS = [',', ';', 'tab', '|', '^'] as const;
/** Different values of a column by which rows may be known that have left. */
const FEW = 6;

/** Of a column whose class nobody knows so far: enough to tell what it is. */
const veiled = (value: string): string =>
  value.length > 8 ? `${value.slice(0, 3)}${'*'.repeat(value.length - 5)}${value.slice(-2)}` : maskedText(value);

/** The columns of the sample, with a few of their values. */
function columnOptions({ columns, proposal }: Tried, say: Say): readonly Option[] {
  const classes = new Map(proposal?.fields.map(({ column, classification }) => [column, classification]));
  return columns.map((column) => {
    const known = classes.get(column.name);
    const shown =
      known === undefined ? veiled : known === 'personal' || known === 'sensitive' ? maskedText : (one: string) => one;
    const values = [...new Set(column.examples.map(shown))].join(say('、', ', '));
    return {
      value: String(column.number),
      title: values === '' ? column.name : say(`${column.name}（如 ${values}）`, `${column.name} (as ${values})`),
      own: true,
    };
  });
}

/** A choice of one of a few, or of a column. */
function choice(asking: Asking, field: string, label: string, options: readonly Option[], first?: Option): JSX.Element {
  const { said, tried } = asking;
  return (
    <ChoiceField
      name={field}
      label={label}
      value={said[field] ?? ''}
      fault={tried.faults[field]}
      options={first === undefined ? options : [first, ...options]}
    />
  );
}

function SubjectFields(asking: Asking): JSX.Element {
  const { say, language, options, schemes, decided } = asking;
  const nobody = say('来源中没有这样的列', 'the source does not have it');
  return (
    <>
      {choice(
        asking,
        'subject',
        QUESTIONS['subject']?.[language] ?? '',
        [...options, { value: NOT_THERE, title: nobody }],
        decided('subject') === undefined
          ? { value: '', title: say('请选择', 'choose') }
          : unsaid(decided('subject'), asking),
      )}
      {choice(
        asking,
        'scheme',
        say('它是哪一种标识？', 'Which kind of key is it?'),
        [...schemes.values()].map((scheme) => ({ value: scheme.id, title: schemeWords(scheme, language), own: true })),
        { value: '', title: say('由系统按这一列的值判断', 'by the values of the column') },
      )}
    </>
  );
}

function KeyFields(asking: Asking): JSX.Element {
  const { say, language, options, decided } = asking;
  const more = say('再加上', 'and');
  const none = { value: '', title: say('不再加', 'no other') };
  const alone = { value: NOT_THERE, title: say('不需要，每个主体只有一条记录', 'none: each subject has one record') };
  return (
    <>
      {choice(asking, 'key', QUESTIONS['key']?.[language] ?? '', [alone, ...options], unsaid(decided('key'), asking))}
      <div class="row">
        {choice(asking, 'key.2', `${more}${say('（第二列）', ' a second column')}`, options, none)}
        {choice(asking, 'key.3', `${more}${say('（第三列）', ' a third column')}`, options, none)}
      </div>
    </>
  );
}

/** Values by which rows may be known that have left: of columns with a few, none of them of people. */
function goneOptions({ tried, say }: Asking): readonly Option[] {
  const personal = new Set(
    tried.proposal?.fields.flatMap(({ column, classification }) =>
      classification === 'personal' || classification === 'sensitive' ? [column] : [],
    ),
  );
  return tried.columns.flatMap((column: ColumnProfile) => {
    const values = [...(column.values?.keys() ?? [])];
    if (values.length === 0 || values.length > FEW || column.filled < 2 * values.length || personal.has(column.name))
      return [];
    return values.map((value) => ({
      value: goneValue(column, value),
      title: say(`“${column.name}”为“${value}”的行`, `rows whose ${column.name} is ${value}`),
      own: true,
    }));
  });
}

/** The fields of the questions about the whole. */
function fieldsFor(question: string, asking: Asking): JSX.Element {
  const { language, say, options, decided, said, tried } = asking;
  const label = QUESTIONS[question]?.[language] ?? question;
  const decision = decided(question);
  const one = (values: readonly Option[]): JSX.Element =>
    choice(asking, question, label, values, unsaid(decision, asking));
  const words = (values: readonly string[], as: (value: string, language: Language) => string): readonly Option[] =>
    values.map((value) => ({ value, title: as(value, language), own: true }));
  switch (question) {
    case 'subject':
      return <SubjectFields {...asking} />;
    case 'key':
      return <KeyFields {...asking} />;
    case 'firm':
      return one([...options, { value: NOT_THERE, title: say('来源中没有这样的列', 'the source does not have it') }]);
    case 'gone':
      return one([
        ...goneOptions(asking),
        { value: NOT_THERE, title: say('来源中没有这样的行', 'the source does not have any') },
      ]);
    case 'zeros':
      return one((['pad', 'keep'] as const).map((value) => ({ value, title: zeroWords(value, language) })));
    case 'charset':
      return one(words(CHARSETS, charsetWords));
    case 'delimiter':
      return one(words(DELIMITERS, delimiterWords));
    case 'header':
      return one(words(['first', 'none'], headerWords));
    case 'items':
      return one(
        [said['items'] ?? '', ...(decision?.alternatives ?? [])]
          .filter((place, at, all) => place !== '' && all.indexOf(place) === at)
          .map((place) => ({
            value: place === 'the document' ? '.' : place,
            title: itemWords(place === '.' ? 'the document' : place, language),
            own: true,
          })),
      );
    case 'dataset':
      return (
        <TextField
          name="dataset"
          label={label}
          value={said['dataset'] ?? ''}
          fault={tried.faults['dataset']}
          maxLength={60}
          autocomplete="off"
          spellcheck={false}
        />
      );
    default:
      return one(
        [...new Set([said[question] ?? '', decision?.proposed ?? '', ...(decision?.alternatives ?? [])])]
          .filter((value) => value !== '')
          .map((value) => ({ value, title: value, own: true })),
      );
  }
}

/** Questions about the whole that can be asked of this sample. */
function wholeQuestions({ tried, said, decided }: Asking): readonly string[] {
  const reading = READING.filter((about) => (decided(about)?.option ?? '') !== '' || isSaid(said, about));
  if (tried.proposal === undefined) return ['subject', ...reading];
  const { persons } = tried.proposal.draft.contractFile.subject;
  return [
    'subject',
    'key',
    ...(persons && !isSaid(said, 'firm') ? [] : ['firm']),
    'gone',
    ...(decided('zeros') === undefined && !isSaid(said, 'zeros') ? [] : ['zeros']),
    ...reading,
    'dataset',
  ];
}

/** What is not sure either, and is said in the feed by hand. */
function Notes({
  decisions,
  language,
  schemes,
}: { readonly decisions: readonly Decision[] } & Pick<Asking, 'language' | 'schemes'>) {
  const notes = decisions.filter(({ sure, option }) => !sure && option === '');
  return (
    <>
      {notes.map((one) => (
        <div class="card pad asked">
          <p>
            <b>{NOTES[one.about]?.[language] ?? sayIn(language)('其他', one.about)}</b>
            {sayIn(language)('：', ': ')}
            <span class="own">{valueWords(one, { language, schemes })}</span>
          </p>
          <Reason of={one} language={language} />
        </div>
      ))}
    </>
  );
}

const Submit = ({ say }: { readonly say: Say }): JSX.Element => (
  <button class="button" type="submit">
    {say('按以上回答重新判断', 'Look again with these answers')}
  </button>
);

/** The form with all questions. */
export function Questions(props: QuestionsProps): JSX.Element {
  const { language, tried, sample } = props;
  const say = sayIn(language);
  const decisions = new Map(tried.decisions.map((one) => [one.about, one]));
  const asking: Asking = {
    ...props,
    say,
    options: columnOptions(tried, say),
    decided: (about) => decisions.get(about),
  };
  const whole = wholeQuestions(asking).map((question) => {
    const decision = decisions.get(question);
    const state = stateOf(question, decision, props);
    return {
      state,
      block: (
        <Asked question={question} state={state} decision={decision} asking={asking}>
          {fieldsFor(question, asking)}
        </Asked>
      ),
    };
  });
  const columns = columnsToAsk(asking).map(({ column, state }) => ({
    state,
    block: <ColumnQuestions column={column} state={state} asking={asking} />,
  }));
  const of = (state: State): readonly JSX.Element[] =>
    [...whole, ...columns].filter((one) => one.state === state).map(({ block }) => block);
  const [open, answered, seen] = [of('open'), of('said'), of('seen')];
  return (
    <Form name={PATH} action={PATH} files hidden={{ sample: sample.packed, 'sample.name': sample.name }}>
      <div class="head below">
        <h2>
          {open.length === 0
            ? say('没有待确认的问题', 'Nothing is open')
            : say(`${String(open.length)} 个问题待您确认`, `${String(open.length)} to be confirmed`)}
        </h2>
        <Submit say={say} />
      </div>
      {open}
      <Notes decisions={tried.decisions} language={language} schemes={props.schemes} />
      {answered.length === 0 ? null : <h2>{say('已由您说明', 'What you have answered')}</h2>}
      {answered}
      <details class="seen">
        <summary>{say('其他判断，如有不符可在此说明', 'What was seen, and can be said otherwise')}</summary>
        {seen}
        <MoreColumns {...asking} />
      </details>
      <p>
        <Submit say={say} />
      </p>
    </Form>
  );
}

/** Whichever column is to be asked about. */
function MoreColumns(asking: Asking): JSX.Element | null {
  const { say, options, tried } = asking;
  const shown = new Set(columnsToAsk(asking).map(({ column }) => String(column.number)));
  const others = options.filter(({ value }) => !shown.has(value));
  if (others.length === 0 || tried.proposal === undefined) return null;
  return (
    <div class="card pad asked">
      <ChoiceField
        name="more"
        label={say('还有哪一列的取值、含义或者分类不对？', 'Of which other column is something wrong?')}
        value=""
        options={[{ value: '', title: say('没有', 'none') }, ...others]}
      />
      <p class="foot">
        {say('选中并提交后，这一列的问题列在上面。', 'Choose and send: its questions then stand above.')}
      </p>
    </div>
  );
}

/** What of the answers cannot be, at the top of the page. */
export function AnswerFaults({ language, tried }: Pick<QuestionsProps, 'language' | 'tried'>): JSX.Element | null {
  const faults = Object.entries(tried.faults);
  if (faults.length === 0) return null;
  const id = formId(PATH);
  return (
    <FaultSummary
      language={language}
      lines={faults.map(([field, words]) => ({
        text: words[language],
        to: `${id}-${field.replace(/[^A-Za-z0-9_-]/g, '-')}`,
      }))}
    />
  );
}

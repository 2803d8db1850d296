/** `yitong try`: a question is put together by choices, each from what the ones before leave open. */
import type { Localised } from '../../../contracts/localised.js';
import { endOfDay, startOfDay } from '../../../policies/dates.js';
import { CASE_FLAGS } from '../../../policies/tour.js';
import type { Grant } from '../../../policies/types.js';
import type { Language } from '../command.js';

interface Choice {
  readonly id: string;
  readonly name: Localised;
}

interface Example {
  readonly client: string;
  readonly purpose: string;
  readonly subject: string;
  readonly case?: Readonly<Partial<Record<Stated, string>>>;
}

/** What can be asked here, and as whom. */
export interface Askable {
  /** In force or not: only those in force count. */
  readonly grants: readonly Grant[];
  readonly clients: readonly Choice[];
  readonly purposes: readonly Choice[];
  readonly datasets: readonly (Choice & { readonly scheme: string })[];
  /** In the sandbox: its invented subjects, asked as this client. */
  readonly invented?: (client: string) => Promise<readonly { readonly subject: string; readonly title: Localised }[]>;
  /** Subjects that the workspace names for trying it out. */
  readonly examples: readonly Example[];
  /** ms since 1970 */
  readonly now: number;
}

/** Parts of a case that the grants of the question want stated. */
type Stated = Grant['requires'][number];

interface Question {
  readonly client: string;
  readonly purpose: string;
  readonly datasets: readonly string[];
  readonly subject: string;
  readonly stated: Readonly<Partial<Record<Stated, string>>>;
  /** Of invented records. */
  readonly sandbox: boolean;
}

/** One line is asked for; what stands above it says what may be written. */
export type Ask = (lines: readonly string[], prompt: string, proposed: string) => Promise<string>;

const CASE: Readonly<Record<Stated, Localised>> = {
  item: { zh: '事项编码', en: 'item of service' },
  caseId: { zh: '办件编号', en: 'number of the case' },
  actor: { zh: '经办人', en: 'who handles it' },
};

const usable = ({ grants, now }: Askable): readonly Grant[] =>
  grants.filter(
    ({ status, delivery, from, until }) =>
      status === 'active' && delivery.includes('query') && startOfDay(from) <= now && now < endOfDay(until),
  );

/** By number or by id; several separated by commas. Undefined where one of them is none of these. */
function picked(all: readonly Choice[], said: string): readonly string[] | undefined {
  const found = said
    .split(/[,，\s]+/)
    .filter((part) => part !== '')
    .map((part) => all.find(({ id }, i) => id === part || String(i + 1) === part)?.id);
  return found.length > 0 && found.every((one) => one !== undefined) ? [...new Set(found)] : undefined;
}

/** Asks for one or several of a list, until they are. */
type Choose = (
  title: Localised,
  all: readonly Choice[],
  proposed: string,
  many?: boolean,
) => Promise<readonly string[]>;

const chooser = (ask: Ask, language: Language): Choose => {
  const say = (text: Localised): string => text[language];
  return async (title, all, proposed, many = false) => {
    const lines = [
      '',
      say(title),
      ...all.map(
        ({ id, name }, i) => `  ${String(i + 1).padStart(2)}  ${say(name)}${language === 'zh' ? '' : `  ${id}`}`,
      ),
    ];
    const again = say({ zh: '请填写上面的序号', en: 'one of the numbers above, please' });
    const prompt = many
      ? say({ zh: '序号，可填多个，以逗号分隔', en: 'numbers, with commas' })
      : say({ zh: '序号', en: 'number' });
    for (let above = lines; ; above = [again]) {
      const found = picked(all, await ask(above, prompt, proposed));
      if (found !== undefined && (many || found.length === 1)) return found;
    }
  };
};

/** What was chosen so far, and how the rest is asked for. */
interface Chosen {
  readonly askable: Askable;
  readonly client: string;
  readonly example: Example | undefined;
  readonly ask: Ask;
  readonly choose: Choose;
  readonly language: Language;
}

const schemeIn = (subject: string): string => subject.split(':')[0] ?? '';

/** Those of one key scheme, since one subject has one key. */
async function datasetsFor({ example, choose }: Chosen, datasets: Askable['datasets']): Promise<readonly string[]> {
  const usual = example === undefined ? datasets[0]?.scheme : schemeIn(example.subject);
  const fit = datasets.flatMap(({ scheme }, i) => (scheme === usual ? [String(i + 1)] : []));
  const proposed = (fit.length > 0 ? fit : datasets.map((_, i) => String(i + 1))).join(',');
  for (let title = { zh: '查询哪些数据集', en: 'which datasets' }; ; ) {
    const wanted = await choose(title, datasets, proposed, true);
    if (new Set(datasets.filter(({ id }) => wanted.includes(id)).map(({ scheme }) => scheme)).size === 1) return wanted;
    title = {
      zh: '这些数据集按不同类型的编号查询，请分开查询：选择哪些数据集',
      en: 'these are asked by keys of different kinds, so one after the other: which datasets',
    };
  }
}

/** Whom it is about: written with the scheme of its key, or one of the sandbox. */
async function subjectFor(chosen: Chosen, scheme: string | undefined): Promise<string> {
  const { askable, client, ask, choose, language, example = askable.examples[0] } = chosen;
  if (askable.invented !== undefined) {
    const all = (await askable.invented(client)).filter(({ subject }) => schemeIn(subject) === scheme);
    const title = { zh: '查询哪个虚构主体', en: 'about which invented subject' };
    const choices = all.map(({ subject, title: name }) => ({ id: subject, name }));
    return (await choose(title, choices, '1'))[0] ?? '';
  }
  const asked = { zh: '查询哪个主体，如 uscc:…', en: 'about whom, as uscc:…' }[language];
  let subject = '';
  for (let above: readonly string[] = ['']; !/^[a-z][a-z0-9-]*:.+$/.test(subject); )
    [subject, above] = [
      await ask(above, asked, example?.subject ?? ''),
      [{ zh: '请连同编号类型一起填写，如 uscc:…', en: 'with the scheme of its key, as uscc:…' }[language]],
    ];
  return subject;
}

/** @returns undefined where no client that can be used has a grant in force */
export async function buildQuestion(askable: Askable, ask: Ask, language: Language): Promise<Question | undefined> {
  const grants = usable(askable);
  const choose = chooser(ask, language);
  // those for which there is something to try come first, in its order
  const tried = (client: string): number => {
    const at = askable.examples.findIndex((one) => one.client === client);
    return at < 0 ? askable.examples.length : at;
  };
  const clients = askable.clients
    .filter(({ id }) => grants.some(({ client }) => client === id))
    .sort((a, b) => tried(a.id) - tried(b.id));
  if (clients.length === 0) return undefined;
  const [client = ''] = await choose({ zh: '以哪个应用的身份查询', en: 'as which client' }, clients, '1');
  const own = grants.filter((grant) => grant.client === client);
  const purposes = askable.purposes.filter(({ id }) => own.some((grant) => grant.purposes.includes(id as never)));
  const shown = askable.examples.find((one) => one.client === client && purposes.some(({ id }) => id === one.purpose));
  const usual = purposes.findIndex(({ id }) => id === shown?.purpose);
  const [purpose = ''] = await choose(
    { zh: '为何用途', en: 'for which purpose' },
    purposes,
    String(Math.max(0, usual) + 1),
  );
  const example =
    askable.examples.find((one) => one.client === client && one.purpose === purpose) ??
    askable.examples.find((one) => one.client === client);
  const chosen: Chosen = { askable, client, example, ask, choose, language };
  const fit = own.filter((grant) => grant.purposes.includes(purpose as never));
  const datasets = askable.datasets.filter(({ id }) => fit.some(({ dataset }) => dataset === id));
  const wanted = await datasetsFor(chosen, datasets);
  const subject = await subjectFor(chosen, datasets.find(({ id }) => wanted.includes(id))?.scheme);
  const needed = new Set(fit.filter(({ dataset }) => wanted.includes(dataset)).flatMap(({ requires }) => requires));
  // in the sandbox no case is at hand
  const usualCase = askable.invented === undefined ? '' : { zh: '示例', en: 'sample' }[language];
  const stated: Partial<Record<Stated, string>> = {};
  for (const part of needed) {
    while ((stated[part] ?? '') === '')
      stated[part] = await ask([''], CASE[part][language], example?.case?.[part] ?? usualCase);
  }
  return { client, purpose, datasets: wanted, subject, stated, sandbox: askable.invented !== undefined };
}

/** Options of `yitong query`, by their names. */
export const optionsFor = ({
  client,
  purpose,
  datasets,
  stated,
  sandbox,
}: Question): Readonly<Record<string, string | true>> => ({
  datasets: datasets.join(','),
  purpose,
  as: client,
  ...Object.fromEntries(Object.entries(stated).map(([part, value]) => [CASE_FLAGS[part as Stated], value])),
  ...(sandbox ? { sandbox } : {}),
});

/** As a shell takes it. */
const quoted = (text: string): string => (/^[\w:.,/@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The same question as a command, to be kept. */
export const commandFor = (program: string, question: Question, where: string): string =>
  [
    `${program} query ${quoted(question.subject)}`,
    ...Object.entries(optionsFor(question)).map(([name, value]) =>
      value === true ? `--${name}` : `--${name} ${quoted(value)}`,
    ),
  ].join(' ') + where;

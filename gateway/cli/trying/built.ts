/** `yitong try`: a question is put together by choices, each from what the ones before leave open. */
import type { Localised } from '../../../contracts/localised.js';
import { endOfDay, startOfDay } from '../../../policies/dates.js';
import type { Grant } from '../../../policies/types.js';
import type { Language } from '../command.js';

interface Choice {
  readonly id: string;
  readonly name: Localised;
}

/** What can be asked here, and as whom. */
export interface Askable {
  /** In force or not: only those in force count. */
  readonly grants: readonly Grant[];
  readonly clients: readonly Choice[];
  readonly purposes: readonly Choice[];
  readonly datasets: readonly Choice[];
  /** Subjects that the workspace names for trying it out. */
  readonly examples: readonly { readonly client: string; readonly purpose: string; readonly subject: string }[];
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

/** @returns undefined where no client that can be used has a grant in force */
export async function buildQuestion(askable: Askable, ask: Ask, language: Language): Promise<Question | undefined> {
  const say = (text: Localised): string => text[language];
  const grants = usable(askable);
  const choose = async (title: Localised, all: readonly Choice[], proposed: string, many = false) => {
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
  const [purpose = ''] = await choose({ zh: '为何用途', en: 'for which purpose' }, purposes, '1');
  const fit = own.filter((grant) => grant.purposes.includes(purpose as never));
  const datasets = askable.datasets.filter(({ id }) => fit.some(({ dataset }) => dataset === id));
  const all = datasets.map((_, i) => String(i + 1)).join(',');
  const wanted = await choose({ zh: '查询哪些数据集', en: 'which datasets' }, datasets, all, true);
  const example =
    askable.examples.find((one) => one.client === client && one.purpose === purpose)?.subject ??
    (askable.examples.find((one) => one.client === client) ?? askable.examples[0])?.subject ??
    '';
  const asked = say({ zh: '查询哪个主体，如 uscc:…', en: 'about whom, as uscc:…' });
  let subject = '';
  for (let above: readonly string[] = ['']; !/^[a-z][a-z0-9-]*:.+$/.test(subject); )
    [subject, above] = [
      await ask(above, asked, example),
      [say({ zh: '请连同编号类型一起填写，如 uscc:…', en: 'with the scheme of its key, as uscc:…' })],
    ];
  const needed = new Set(fit.filter(({ dataset }) => wanted.includes(dataset)).flatMap(({ requires }) => requires));
  const stated: Partial<Record<Stated, string>> = {};
  for (const part of needed) {
    while ((stated[part] ?? '') === '') stated[part] = await ask([''], say(CASE[part]), '');
  }
  return { client, purpose, datasets: wanted, subject, stated };
}

const FLAG: Readonly<Record<Stated, string>> = { item: 'item', caseId: 'case-id', actor: 'actor' };

/** Options of `yitong query`, by their names. */
export const optionsFor = ({ client, purpose, datasets, stated }: Question): Readonly<Record<string, string>> => ({
  datasets: datasets.join(','),
  purpose,
  as: client,
  ...Object.fromEntries(Object.entries(stated).map(([part, value]) => [FLAG[part as Stated], value])),
});

/** As a shell takes it. */
const quoted = (text: string): string => (/^[\w:.,/@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The same question as a command, to be kept. */
export const commandFor = (program: string, question: Question, where: string): string =>
  [
    `${program} query ${quoted(question.subject)}`,
    ...Object.entries(optionsFor(question)).map(([name, value]) => `--${name} ${quoted(value)}`),
  ].join(' ') + where;

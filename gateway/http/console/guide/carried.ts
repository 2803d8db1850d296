/**
 * What was said before somebody signed in: it goes along in a cookie of that browser, for as long as signing in may
 * take, and stands in no address and in no log. Whatever is in it is read as a form is: it is checked, and shown before
 * anything is opened with it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bundle, Elements } from '../../../../contracts/bundle/types.js';
import type { Codelist } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Slot } from '../../../procedures/guide/slots.js';
import { answersOf } from '../../../procedures/guide/slots.js';
import { fieldName, valuesIn } from '../applying/reading.js';
import { valueWords } from '../applying/words.js';
import { inputName } from '../matters/answers.js';

export interface Carried {
  readonly bundle: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const COOKIE = '__Host-yitong-guide';
const TYPE_COOKIE = 'yitong-type';
const OPTIONS = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;
/** Seconds. */
const KEPT = 1800;
const YEAR = 31_536_000;
const MOST = 3000;
const MOST_FIELDS = 60;

/** What slots say of the matter, as fields of its forms. */
export function fieldsOf(bundle: Bundle, slots: readonly Slot[]): Carried['fields'] {
  const answers = Object.entries(answersOf(bundle, slots)).flatMap(([id, answer]) => {
    const question = bundle.questions.get(id);
    if (question === undefined || answer === null) return [];
    const values: readonly unknown[] = Array.isArray(answer) ? (answer as readonly unknown[]) : [answer];
    return values.map((value) => [inputName(question), String(value)] as const);
  });
  const byQuestion = new Set([...bundle.questions.values()].flatMap(({ element }) => element ?? []));
  const values = slots.flatMap(({ element, value }) =>
    element === undefined || byQuestion.has(element) ? [] : [[fieldName(element), value] as const],
  );
  return [...answers, ...values];
}

export function carry(reply: FastifyReply, { bundle, fields }: Carried): void {
  const whole = Buffer.from(JSON.stringify({ bundle, fields })).toString('base64url');
  const text = whole.length <= MOST ? whole : Buffer.from(JSON.stringify({ bundle, fields: [] })).toString('base64url');
  void reply.setCookie(COOKIE, text, { ...OPTIONS, maxAge: KEPT });
}

export const uncarry = (reply: FastifyReply): void => void reply.clearCookie(COOKIE, OPTIONS);

/** Nothing where the browser has none, or none that is one. */
export function carriedIn(request: FastifyRequest): Carried {
  const nothing: Carried = { bundle: '', fields: [] };
  try {
    const found = JSON.parse(Buffer.from(request.cookies[COOKIE] ?? '', 'base64url').toString('utf8')) as unknown;
    const { bundle, fields } = (found ?? {}) as { readonly bundle?: unknown; readonly fields?: unknown };
    if (typeof bundle !== 'string' || !Array.isArray(fields)) return nothing;
    const texts = fields.filter(
      (one): one is readonly [string, string] =>
        Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string'),
    );
    return { bundle, fields: texts.filter(([name]) => /^[av]-/.test(name)).slice(0, MOST_FIELDS) };
  } catch {
    return nothing;
  }
}

/** In words, to be looked at before it is taken. */
export function saidIn(
  bundle: Bundle,
  elements: Elements,
  codelists: ReadonlyMap<string, Codelist>,
  { fields }: Carried,
  language: Language,
): readonly { readonly title: string; readonly words: string }[] {
  const names = [...new Set(fields.map(([name]) => name))];
  return names.flatMap((name) => {
    const values = fields.flatMap(([one, value]) => (one === name ? [value] : []));
    const question = [...bundle.questions.values()].find((one) => inputName(one) === name);
    const element = elements.elements.get(question?.element ?? name.replace(/^v-/, ''));
    if (element === undefined && question === undefined) return [];
    const title = element?.title[language] ?? question?.asks[language] ?? '';
    const value =
      element === undefined ? undefined : valuesIn({ [fieldName(element.id)]: values }, elements, {})[element.id];
    const words =
      element !== undefined && value !== undefined
        ? valueWords(element, value, codelists, language)
        : values.map((one) => question?.choices.get(one)?.[language] ?? one).join(language === 'zh' ? '、' : ', ');
    return [{ title, words }];
  });
}

/** Large type stays with the browser that asked for it. */
export function isLargeFor(request: FastifyRequest, reply: FastifyReply): boolean {
  const asked = (request.query as { readonly type?: unknown }).type;
  if (asked === 'large' || asked === 'normal') keepType(reply, asked === 'large');
  return asked === undefined ? request.cookies[TYPE_COOKIE] === 'large' : asked === 'large';
}
export const keepType = (reply: FastifyReply, isLarge: boolean): void =>
  void reply.setCookie(TYPE_COOKIE, isLarge ? 'large' : 'normal', { ...OPTIONS, maxAge: YEAR });

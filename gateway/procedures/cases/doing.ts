/** An act on a case as it comes from outside, over HTTP or the bus: checked by one schema, and read in one place. */
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { strict } from '../../answer/question/request.js';
import type { Doing } from './types.js';

export const actWord = Type.String({ minLength: 1, maxLength: 200 });
const says = Type.String({ maxLength: 10_000 });
export const actKey = Type.String({
  minLength: 1,
  maxLength: 100,
  description: "the caller's own: what comes again with it is done once",
});
/** A record of whatever an element or an answer holds; what it may be is checked with the bundle. */
const one = [Type.Boolean(), Type.Number(), Type.String({ maxLength: 10_000 })];
export const value = Type.Union([...one, Type.Array(Type.Union(one), { maxItems: 500 }), Type.Null()]);
const values = Type.Record(Type.String({ maxLength: 120 }), value, { maxProperties: 300, description: 'by element' });

export const actBody = Type.Object(
  {
    act: Type.Enum([
      'save',
      'submit',
      'withdraw',
      'step',
      'ask',
      'give',
      'grant',
      'refuse',
      'pass',
      'settle',
      'stop',
      'rate',
      'answer',
    ]),
    item: Type.Optional(actWord),
    step: Type.Optional(actWord),
    port: Type.Optional(Type.Enum(['identity', 'signature', 'payment', 'post', 'appointment', 'video', 'collect'])),
    task: Type.Optional(actWord),
    outcome: Type.Optional(actWord),
    answers: Type.Optional(
      Type.Record(Type.String({ maxLength: 60 }), value, {
        maxProperties: 100,
        description: 'by question; null: not known',
      }),
    ),
    values: Type.Optional(values),
    says: Type.Optional(says),
    fields: Type.Optional(
      Type.Array(actWord, { maxItems: 200, description: "of the item's own form, that are asked for" }),
    ),
    checked: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), {
        maxItems: 100,
        description: 'numbers of requirements that were unknown, and were found to hold',
      }),
    ),
    issued: Type.Optional(values),
    grade: Type.Optional(
      Type.Enum([1, 2, 3, 4, 5], { description: 'of a rating: 5 very satisfied … 1 very dissatisfied' }),
    ),
    key: Type.Optional(actKey),
  },
  strict,
);
export type ActBody = Static<typeof actBody>;

/** What the act is, of a body whose parts may lack. @throws YitongError `act_incomplete` */
export function doingOf({
  act,
  item,
  step,
  port,
  task,
  outcome,
  answers,
  values,
  says,
  fields,
  checked,
  issued,
  grade,
}: ActBody): Doing {
  const named = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new YitongError('act_incomplete', `\`${act}\` needs \`${what}\``);
    return value;
  };
  switch (act) {
    case 'save':
      return { act, answers: (answers ?? {}) as never, values: (values ?? {}) as never };
    case 'submit':
    case 'withdraw':
      return { act };
    case 'step':
      return { act, step: named(step, 'step'), port: named(port, 'port') };
    case 'ask':
      return { act, item: named(item, 'item'), says: says ?? '', fields: fields ?? [] };
    case 'give':
      return { act, item: named(item, 'item'), values: (values ?? {}) as never, ...present({ says }) };
    case 'grant':
      return { act, item: named(item, 'item'), ...present({ checked, says }), issued: (issued ?? {}) as never };
    case 'refuse':
      return { act, item: named(item, 'item'), says: named(says, 'says') };
    case 'pass':
      return { act, item: named(item, 'item'), ...present({ says }) };
    case 'settle':
      return { act, task: named(task, 'task'), ...present({ says }) };
    case 'stop':
      return { act, outcome: named(outcome, 'outcome'), says: named(says, 'says') };
    case 'rate':
      return { act, grade: named(grade, 'grade'), ...present({ says }) };
    case 'answer':
      return { act, says: named(says, 'says') };
  }
}

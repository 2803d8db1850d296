/** What the guide is asked and answers, as TypeBox, for OpenAPI. */
import { Type } from 'typebox';
import { localised } from '../../../answer/question/schemas.js';
import { MOST_CHARACTERS } from '../../../procedures/guide/features.js';

export const guideBody = Type.Object(
  {
    sentence: Type.String({
      minLength: 1,
      maxLength: MOST_CHARACTERS,
      description: 'what somebody wants, in their own words. It is not kept',
    }),
  },
  { additionalProperties: false },
);

export const guidanceSchema = Type.Object({
  bundle: Type.Union([Type.String(), Type.Null()], {
    description: 'the matter; null where it is not sure, or where none is meant',
  }),
  title: Type.Union([localised, Type.Null()], { description: 'of the matter' }),
  candidates: Type.Array(Type.Object({ bundle: Type.String(), score: Type.Number({ minimum: 0, maximum: 1 }) }), {
    description: 'the nearest ones, nearest first',
  }),
  offTopic: Type.Boolean({ description: 'none of the matters is meant' }),
  slots: Type.Array(
    Type.Object({
      kind: Type.Enum(['address', 'area', 'money', 'mass', 'date', 'key', 'code']),
      value: Type.String({
        description:
          'as an element takes it: square metres, yuan and kilograms as a decimal number, a day as `YYYY-MM-DD`, a ' +
          'key in its normal form, the code of a code list',
      }),
      text: Type.String({ description: 'as it was written' }),
      element: Type.Optional(Type.String({ description: 'whose value it may be; absent where that is not clear' })),
      title: Type.Optional(localised),
    }),
    { description: 'what the sentence says already' },
  ),
  ask: Type.Union(
    [
      Type.Object({
        question: Type.String({ description: 'of the bundle; `bundle`: which one is meant' }),
        asks: localised,
        type: Type.String(),
        choices: Type.Optional(Type.Array(Type.Object({ code: Type.String(), title: localised }))),
      }),
      Type.Null(),
    ],
    { description: 'the next question; null where nothing is left to ask' },
  ),
  why: Type.Object(
    { zh: Type.String(), en: Type.String() },
    { description: 'why this matter, or what the guide is for; words for people' },
  ),
});

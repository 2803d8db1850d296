/** The guide: section `guide`. */
import { type Static, Type } from 'typebox';
import { strict } from './strict.js';

/** `https` to anywhere, `http` to this machine only. */
const ADDRESS =
  '^(?:https://[^/?#@\\s]+(?:/[^?#\\s]*)?|' +
  'http://(?:127\\.0\\.0\\.1|localhost|\\[::1\\])(?::[0-9]{1,5})?(?:/[^?#\\s]*)?)?$';

export const guideSchema = Type.Object(
  {
    perMinute: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 1_000_000,
      description: 'sentences that the page of the guide takes in a minute from one network address, on each replica',
    }),
    keptDays: Type.Integer({
      default: 90,
      minimum: 0,
      maximum: 730,
      description:
        'days for which it is kept what was asked of the guide: counts, and, masked, sentences that led nowhere; ' +
        '0: nothing is kept',
    }),
    modelUrl: Type.String({
      default: '',
      pattern: ADDRESS,
      description:
        'base address of an OpenAI-compatible endpoint (`https://models.city.example/v1`), which is asked where the ' +
        'guide itself is not sure; plain HTTP is taken on loopback only; empty: none, and no sentence leaves',
    }),
    modelName: Type.String({ default: '', maxLength: 200, description: 'the model that is asked for there' }),
    modelKeyFile: Type.String({
      default: '',
      description: 'file that holds the key which the endpoint wants, relative to the workspace; read at each question',
    }),
    modelTimeoutMs: Type.Integer({
      default: 3000,
      minimum: 100,
      maximum: 30_000,
      description: 'ms after which the guide answers without the model',
    }),
  },
  strict,
);
export type GuideSettings = Static<typeof guideSchema>;

/** What was said in own words to a question of the conversation, as its field in a form would send it. */
import type { JsonSchema } from '../../../../contracts/bundle/types.js';
import type { Codelist } from '../../../../contracts/types.js';
import { spokenAnswer } from '../../../procedures/guide/spoken.js';
import type { Turn } from '../../../procedures/guide/talk.js';
import { NOT_KNOWN } from '../matters/answers.js';

/** Undefined: it was not understood. @param now ms since 1970 */
export function spokenIn(
  turn: Turn,
  says: string,
  codelists: ReadonlyMap<string, Codelist>,
  now: number,
): string | readonly string[] | undefined {
  if (turn.question !== undefined) {
    const { kind, choices, mayNotKnow } = turn.question;
    return spokenAnswer(
      says,
      {
        type: kind.type,
        choices: [...choices].map(([value, title]) => ({ value, title: title.zh })),
        many: kind.type === 'codes',
        notKnown: mayNotKnow ? NOT_KNOWN : undefined,
        slot: 'area',
      },
      now,
    );
  }
  const { element, schema } = turn.field;
  const each = (element.many ? (schema['items'] as JsonSchema | undefined) : schema)?.['enum'];
  const codes = codelists.get(element.codelist ?? '')?.codes;
  return spokenAnswer(
    says,
    {
      type: element.type,
      choices: ((each ?? []) as readonly string[]).map((value) => ({ value, title: codes?.get(value)?.zh ?? value })),
      many: element.many,
      slot: element.slot,
    },
    now,
  );
}

/** Questions about a proposal on a terminal, each with what is proposed in brackets: Enter takes it. */
import type { Decision } from '../../../connectors/propose/decision.js';
import { talk } from '../terminal.js';
import { type Said, withAnswer } from './answers.js';

/** Asks what can be answered by an option; `changed` if any answer is another than what was proposed. */
export function askOpen(
  open: readonly Decision[],
  said: Said,
  signal: AbortSignal,
): Promise<{ readonly said: Said; readonly changed: boolean }> {
  return talk(signal, async (terminal) => {
    let now = said;
    let changed = false;
    for (const { about, proposed, reason, alternatives, option } of open) {
      if (option === '') continue;
      const others = alternatives.length === 0 ? '' : ` (or ${alternatives.slice(0, 8).join(', ')})`;
      let answer = '';
      do {
        answer = (
          await terminal.question(`\n${about}: ${reason}${others}\n  ${about} [${proposed}] `, { signal })
        ).trim();
      } while (answer === '' && proposed === '');
      if (answer === '' || answer === proposed) continue;
      now = withAnswer(now, option, answer);
      changed = true;
    }
    return { said: now, changed };
  });
}

/** How many subjects are read at once, by batches and files alike. */
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ReadPoint, ViewReader, ViewReading } from '../view/port.js';
import type { Plan } from './plan.js';

export const NOW: ReadPoint = { kind: 'now' };

/** From where these subjects are read as they are now. */
export const readingOf = async (
  view: ViewReader,
  subjects: readonly SubjectKey[],
  plan: Pick<Plan, 'readIds'>,
): Promise<ViewReading> => (view.fetch === undefined ? view : await view.fetch(subjects, plan.readIds, NOW));

/** What the answer about one of many begins with. */
export const subjectHead = (subject: SubjectKey): string => `{"subject":${JSON.stringify(subject)},`;

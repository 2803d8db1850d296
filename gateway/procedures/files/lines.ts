/**
 * The records of many subjects as lines of JSON, written straight from the view into one buffer: each line says whose
 * it is and then what a query says of the record, byte for byte.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { Out } from '../../answer/projection/index.js';
import { type Marked, versionWriter } from '../../answer/question/build.js';
import type { Plan } from '../../answer/question/plan.js';
import { NOW, subjectHead } from '../../answer/question/reading.js';
import type { ViewReading } from '../../answer/view/port.js';

const LIMIT = 256 * 2 ** 20;
/** Bytes of a buffer that is kept for the next chunk. */
const KEPT = 16 * 2 ** 20;
const END = '\n';

export class Lines {
  #out = new Out(2 ** 20, LIMIT);
  readonly #write: ReturnType<typeof versionWriter>;

  constructor(marked: Marked | undefined) {
    this.#write = versionWriter(marked);
  }

  begin(): void {
    if (this.#out.buf.length > KEPT) this.#out = new Out(2 ** 20, LIMIT);
    this.#out.pos = 0;
  }

  /**
   * @param plan of one dataset
   * @returns records of that subject that were written
   * @throws YitongError `view_unavailable`
   */
  add(from: ViewReading, plan: Plan, subject: SubjectKey): number {
    const out = this.#out;
    const head = subjectHead(subject);
    let count = 0;
    const [outcome] = from.read(subject, plan.readIds, NOW, (i, version) => {
      const dataset = plan.read[i];
      if (dataset === undefined) throw new YitongError('internal', 'the view answered for what was not asked');
      if (!dataset.rows(subject, version)) return true;
      out.raw(head);
      this.#write(out, dataset, subject, version);
      out.ascii(END);
      count++;
      return true;
    });
    if (outcome !== 'ok')
      throw new YitongError('view_unavailable', 'a part of the view is away: the file is made later');
    return count;
  }

  /** All since `begin`, in place: valid until the next one. */
  written(): Buffer {
    return this.#out.written();
  }
}

/** What the lines of a stream say: those of a batch, and those of an answer that takes a while. */
import { ConnectionError, GatewayError, type ProblemBody } from './errors.js';

function refuse(problem: ProblemBody): never {
  throw new GatewayError(typeof problem['status'] === 'number' ? problem['status'] : 0, problem);
}

/**
 * Subject by subject, as they arrive; returns the summary.
 * @param onChunk told of each chunk, with the bytes of its lines, over which the digest in the log is
 */
export async function* chunksOf<Line, Chunk, Summary>(
  lines: AsyncGenerator<string, void, undefined>,
  onChunk?: (chunk: Chunk, bytes: Buffer) => void,
): AsyncGenerator<Line, Summary, undefined> {
  let summary: Summary | undefined;
  let chunk = '';
  for await (const text of lines) {
    const line = JSON.parse(text) as {
      readonly summary?: Summary;
      readonly problem?: ProblemBody;
      readonly receipt?: unknown;
    };
    if (line.problem !== undefined) refuse(line.problem);
    if (line.summary !== undefined) ({ summary } = line);
    else if (line.receipt !== undefined) {
      onChunk?.(line as Chunk, Buffer.from(chunk, 'utf8'));
      chunk = '';
    } else {
      if (onChunk !== undefined) chunk += `${text}\n`;
      yield line as Line;
    }
  }
  if (summary === undefined) throw new ConnectionError('cut_off', 'the batch was cut off in front of its summary');
  return summary;
}

/** The result of a long answer, after its lines of progress. */
export async function resultOf(
  lines: AsyncGenerator<string, void, undefined>,
  progress: (done: number, of: number) => void,
): Promise<unknown> {
  let result: unknown;
  // to its end, since a connection that is closed before is an error of the reader
  for await (const text of lines) {
    const line = JSON.parse(text) as {
      readonly progress?: { readonly done: number; readonly of: number };
      readonly result?: unknown;
      readonly problem?: ProblemBody;
    };
    if (line.problem !== undefined) refuse(line.problem);
    if (line.progress !== undefined) progress(line.progress.done, line.progress.of);
    if (line.result !== undefined) ({ result } = line);
  }
  if (result === undefined) throw new ConnectionError('cut_off', 'the answer was cut off in front of its result');
  return result;
}

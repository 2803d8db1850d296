/** Bodies that are a file and no JSON: read piece by piece by the route that wants them, a few at once. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { atOnce } from '../../../contracts/turns.js';

/** Uploads that a worker holds in memory at once; the next one is read when one of them is done. */
const AT_ONCE = 4;

/**
 * The bytes of a body, read as they come; one that is too large is not read to its end.
 * @throws YitongError `file_too_large`
 */
async function readWithin(body: Readable, said: string | undefined, most: number): Promise<Buffer> {
  const refuse = (): never => {
    throw new YitongError('file_too_large', `a file is empty, or larger than ${String(most)} bytes`);
  };
  if (Number(said ?? 0) > most) refuse();
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > most) refuse();
    pieces.push(piece);
  }
  if (size === 0) refuse();
  return Buffer.concat(pieces, size);
}

/**
 * Makes bodies of this part of the port files, whatever they say that they are.
 * @returns lets so many in at once; `bytes` is read when it is asked for. @throws YitongError `file_too_large`
 */
export function readsFiles(
  app: FastifyInstance,
  most: number,
): <T>(request: FastifyRequest, work: (bytes: () => Promise<Buffer>) => Promise<T>) => Promise<T> {
  const inTurn = atOnce(AT_ONCE);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  return (request, work) =>
    inTurn(() =>
      work(async () => {
        const body = request.body as Readable | null | undefined;
        if (body === undefined || body === null) throw new YitongError('file_too_large', 'a file is empty');
        return await readWithin(body, request.headers['content-length'], most);
      }),
    );
}

/**
 * Forms with files (multipart/form-data), on the routes that take them: read into memory within narrow bounds, and of
 * whoever is not signed in the files not at all.
 */
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { MAX_FILE, type SentFile } from '../../procedures/lifecycles/files.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route's form may bring files. */
    files?: boolean;
    /**
     * A field of such a form in which something large goes along and comes back, of so many characters, with so many
     * fields beside it. It is not kept with what was written.
     */
    along?: { readonly field: string; readonly most: number; readonly fields: number };
  }
  interface FastifyRequest {
    /** That came with the form; one that is too large has a byte more than may be, and no more. */
    sentFiles: readonly SentFile[];
  }
}

/** Files that are read of one form; what is more is not kept. */
const MOST = 11;
const FIELDS = 60;
/** Bytes of a field. */
const FIELD = 65_536;

type Fields = Record<string, string | string[]>;

async function read(request: FastifyRequest): Promise<{ readonly body: Fields; readonly files: readonly SentFile[] }> {
  const body: Fields = {};
  const files: SentFile[] = [];
  const wanted = request.session !== undefined;
  const { along } = request.routeOptions.config;
  const fields = FIELDS + (along?.fields ?? 0);
  // however many fields there are, together they are no more than those of any other form
  let left = FIELDS * FIELD;
  for await (const part of request.parts({
    limits: {
      fileSize: MAX_FILE + 1,
      files: 2 * MOST,
      fields,
      fieldSize: Math.max(FIELD, along?.most ?? 0),
      parts: fields + 2 * MOST,
      headerPairs: 20,
    },
  })) {
    if (part.type === 'file') {
      const chunks: Buffer[] = [];
      for await (const chunk of part.file) if (wanted && files.length < MOST) chunks.push(chunk as Buffer);
      // a browser sends an empty one for a field that nobody filled in
      if (wanted && files.length < MOST && (part.filename !== '' || chunks.length > 0))
        files.push({ name: part.filename, bytes: Buffer.concat(chunks) });
      continue;
    }
    const goesAlong = part.fieldname === along?.field;
    const long = (text: string): boolean => !goesAlong && (text.length > FIELD || (left -= text.length) < 0);
    if (part.fieldnameTruncated || part.valueTruncated || typeof part.value !== 'string' || long(part.value))
      throw new YitongError('bad_request', 'a field of the form is too long');
    if (goesAlong && !wanted) continue;
    if (goesAlong && Object.hasOwn(body, part.fieldname))
      throw new YitongError('bad_request', 'what goes along with a form comes once');
    const before = Object.hasOwn(body, part.fieldname) ? body[part.fieldname] : undefined;
    Object.defineProperty(body, part.fieldname, {
      value: before === undefined ? part.value : [before, part.value].flat(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { body, files };
}

export async function filesPlugin(app: FastifyInstance): Promise<void> {
  // what is too large is told by its length, with the words of the form
  await app.register(multipart, { throwFileSizeLimit: false });
  app.decorateRequest('sentFiles');
  app.addHook('onRequest', (request, _reply, done) => {
    request.sentFiles = [];
    done();
  });
  app.addHook('preValidation', async (request) => {
    if (!request.isMultipart()) return;
    if (request.routeOptions.config.files !== true)
      throw new YitongError('wrong_content_type', 'this form brings no files');
    try {
      const { body, files } = await read(request);
      request.body = body;
      request.sentFiles = files;
    } catch (error) {
      if (isYitongError(error)) throw error;
      // whatever a parser of foreign bytes says: the form is none
      throw new YitongError('bad_request', 'the form cannot be read', { cause: error });
    }
  });
}

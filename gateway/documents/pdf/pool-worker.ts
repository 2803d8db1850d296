/**
 * A thread that draws reports, certificates, materials, documents about sharing and lists of entries, one at a time. It
 * holds no key.
 */
import { parentPort } from 'node:worker_threads';
import { type ErrorCode, isYitongError } from '../../../contracts/errors.js';
import { inWords } from '../../ground/logging/words.js';
import type { PaperDocument } from '../../procedures/cases/papers.js';
import type { ReportModel } from '../model/model.js';
import { type CertificateOptions, drawCertificate } from './certificate/draw.js';
import type { CertificateModel } from './certificate/model.js';
import { type Drawn, type DrawOptions, draw } from './draw.js';
import { drawEntries, type EntriesOptions } from './entries/draw.js';
import type { EntriesModel } from './entries/model.js';
import { faceOf } from './font.js';
import { drawMaterial, type MaterialOptions } from './material/draw.js';
import { drawSharing, type SharingModel, type SharingOptions } from './sharing/draw.js';

export type ToThread =
  | { readonly kind: 'report'; readonly model: ReportModel; readonly options: DrawOptions }
  | { readonly kind: 'certificate'; readonly model: CertificateModel; readonly options: CertificateOptions }
  | { readonly kind: 'material'; readonly paper: PaperDocument; readonly options: MaterialOptions }
  | { readonly kind: 'sharing'; readonly model: SharingModel; readonly options: SharingOptions }
  | { readonly kind: 'entries'; readonly model: EntriesModel; readonly options: EntriesOptions };
export type FromThread =
  | { readonly kind: 'drawn'; readonly bytes: Uint8Array; readonly outside: readonly string[] }
  | { readonly kind: 'failed'; readonly code?: ErrorCode; readonly message: string };

function drawn(asked: ToThread): Drawn {
  switch (asked.kind) {
    case 'report':
      return draw(asked.model, asked.options);
    case 'certificate':
      return drawCertificate(asked.model, asked.options);
    case 'material':
      return drawMaterial(asked.paper, asked.options);
    case 'sharing':
      return drawSharing(asked.model, asked.options);
    case 'entries':
      return drawEntries(asked.model, asked.options);
  }
}

faceOf('regular');
faceOf('bold');
parentPort?.on('message', (asked: ToThread) => {
  const say = (message: FromThread, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(message, transfer);
  try {
    const { bytes, outside } = drawn(asked);
    // an array of its own, so that it goes over without a copy
    const own = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length ? bytes : new Uint8Array(bytes);
    say({ kind: 'drawn', bytes: own, outside }, [own.buffer as ArrayBuffer]);
  } catch (error) {
    say(
      isYitongError(error)
        ? { kind: 'failed', code: error.code, message: error.message }
        : { kind: 'failed', message: inWords(error) },
    );
  }
});

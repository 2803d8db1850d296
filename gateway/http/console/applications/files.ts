/** Files of a matter: attached, removed, and given as files. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isYitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { MAX_FILE } from '../../../procedures/lifecycles/files.js';
import {
  attach,
  attachmentOf,
  attachmentsOf,
  detach,
  EXTENSIONS,
  FILE_KINDS,
  fileNameOf,
  isFileKind,
  placesIn,
} from '../../../procedures/sharing/attachments.js';
import type { OpenedMatter } from '../../../procedures/sharing/types.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { asUploaded } from '../../ui/frame.js';
import { type Desk, READERS } from './desk.js';
import type { FileLine } from './files-part.js';
import { namesFor } from './reading.js';
import { type Sent, text } from './sent.js';
import { PATH } from './words.js';

interface Route {
  readonly Params: { readonly id: string; readonly file: string };
  readonly Body: Sent;
}

function placeWords({ context }: Desk, to: string): Localised {
  if (to === 'record') return { zh: '随数据校核', en: 'with the correction' };
  const [what, part] = to.split('/');
  if (what !== 'reply' || part === undefined) return { zh: '随申请', en: 'with the application' };
  const { zh, en } = namesFor(context).dataset(part);
  return { zh: `随${zh}的答复`, en: `with the reply on ${en}` };
}

/** As officials call them. */
const TYPE_NAMES: Readonly<Record<string, string>> = { pdf: 'PDF', ofd: 'OFD', xlsx: 'Excel', jpg: 'JPEG', png: 'PNG' };

/** As the page of the matter shows them. */
export async function filesOf(
  desk: Desk,
  request: FastifyRequest,
  matter: OpenedMatter,
): Promise<{
  readonly files: readonly FileLine[];
  readonly places: readonly { readonly to: string; readonly title: Localised }[];
}> {
  const { state } = await desk.sharing();
  const own = desk.authorityOf(request);
  const places = placesIn(matter).map(({ to }) => ({ to, title: placeWords(desk, to) }));
  const files = (await attachmentsOf(state, matter, own)).map(
    ({ id, to, kind, type, size, digest, authority, at }): FileLine => ({
      id,
      kind: FILE_KINDS[kind],
      to: placeWords(desk, to),
      of: namesFor(desk.context).authority(authority),
      type: TYPE_NAMES[EXTENSIONS[type]] ?? '',
      size,
      digest,
      at,
      mayRemove: authority === own && places.some((one) => one.to === to),
    }),
  );
  return { files, places };
}

/** Why a file is not taken, beside its field. */
const WORDS: Readonly<Record<string, Localised>> = {
  attachment_type: {
    zh: '仅接收 PDF、OFD、Excel、JPEG、PNG 文件。',
    en: 'Only PDF, OFD, XLSX, JPEG and PNG are taken.',
  },
  file_damaged: { zh: '文件不完整或者无法检查，请另存后再添加。', en: 'The file is not whole: save it anew.' },
  file_active: {
    zh: '文件含有宏、脚本或者内嵌文件，请去除后再添加。',
    en: 'The file holds a macro, a script or a file.',
  },
  file_encrypted: { zh: '文件已加密，请取消密码后再添加。', en: 'The file is encrypted.' },
  image_too_large: { zh: '图片像素过大，请缩小后再添加。', en: 'The picture has too many pixels.' },
  too_many_files: { zh: '附件数量已达上限。', en: 'There are as many files as a matter takes.' },
  file_too_large: { zh: '文件为空或者过大。', en: 'The file is empty or too large.' },
};

async function groundOf(desk: Desk) {
  const { state, blobs, keys } = await desk.sharing();
  return { state, blobs, keys, now: desk.context.now };
}

export function fileRoutes(app: FastifyInstance, desk: Desk): void {
  giveRoute(app, desk);
  const by = (request: FastifyRequest, matter: OpenedMatter) => {
    const { person } = sessionOf(request);
    return {
      matter,
      authority: person.authority ?? '',
      role: roleOf(request, person),
      record: desk.recordOf(request),
    };
  };
  app.post<Route>(
    `${PATH}/:id/files`,
    { schema: { hide: true }, config: { roles: READERS, files: true } },
    async (request, reply) => {
      const matter = await desk.opened(request, request.params.id);
      const [file] = request.sentFiles;
      if (file === undefined || file.bytes.length === 0)
        throw formFault({ file: { zh: '请选择一个文件。', en: 'Choose a file.' } }, 'file_too_large');
      if (file.bytes.length > MAX_FILE)
        throw formFault({ file: WORDS['file_too_large'] ?? { zh: '', en: '' } }, 'file_too_large');
      const kind = text(request.body['kind']);
      if (!isFileKind(kind)) throw formFault({ kind: { zh: '请选择附件种类。', en: 'Choose what it is of.' } });
      try {
        await attach(await groundOf(desk), by(request, matter), {
          to: text(request.body['to']),
          kind,
          bytes: file.bytes,
        });
      } catch (error) {
        const words = isYitongError(error) ? WORDS[error.code] : undefined;
        if (!isYitongError(error) || words === undefined) throw error;
        throw formFault({ file: words }, error.code);
      }
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${matter.head.id}#files`, 303);
    },
  );
  app.post<Route>(
    `${PATH}/:id/files/:file/remove`,
    { schema: { hide: true }, config: { roles: READERS } },
    async (request, reply) => {
      const matter = await desk.opened(request, request.params.id);
      await detach(await groundOf(desk), by(request, matter), request.params.file);
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${matter.head.id}#files`, 303);
    },
  );
}

function giveRoute(app: FastifyInstance, desk: Desk): void {
  app.get<Route>(
    `${PATH}/:id/files/:file`,
    { schema: { hide: true }, config: { roles: READERS, offers: Object.keys(EXTENSIONS) } },
    async (request, reply) => {
      const matter = await desk.opened(request, request.params.id);
      const { file, bytes } = await attachmentOf(
        await groundOf(desk),
        matter,
        request.params.file,
        desk.authorityOf(request),
      );
      await desk.looked(request, 'application_file', 1, { application: matter.head.id, file: file.id });
      return asUploaded(reply, file.type, fileNameOf(file)).send(await bytes());
    },
  );
}

/** What pages of a draft share, wherever it is filled in. */
import type { FastifyRequest } from 'fastify';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import { errorWords } from '../../../../contracts/error-words.js';
import { type FormFaults, isYitongError, YitongError } from '../../../../contracts/errors.js';
import { MAX_FILE } from '../../../procedures/lifecycles/files.js';
import { formFault } from '../../plugins/forms.js';
import { inputName } from '../matters/answers.js';
import type { ApplyingDesk, OwnCase } from './desk.js';
import { unanswered, wrongAnswer } from './questions.js';

/** Questions that are not answered, or wrongly. */
export function questionFaults(bundle: Bundle, faults: ReadonlySet<string>, open: readonly string[]): FormFaults {
  const of = (id: string, words: typeof wrongAnswer) => {
    const question = bundle.questions.get(id);
    return question === undefined ? [] : [[inputName(question), words(question)] as const];
  };
  return Object.fromEntries([
    ...[...faults].flatMap((id) => of(id, wrongAnswer)),
    ...open.filter((id) => !faults.has(id)).flatMap((id) => of(id, unanswered)),
  ]);
}

/** What the pages of a draft are given. */
export async function draftOf(desk: ApplyingDesk, request: FastifyRequest, { cases, found, subject, bundle }: OwnCase) {
  const { language } = request;
  const objections = desk.correction(request, subject);
  return {
    language,
    id: found.id,
    bundle,
    elements: cases.content.elements,
    form: await cases.form(found.id, desk.how(request, subject)),
    written: found.contents?.values ?? {},
    workspace: desk.workspace,
    nameOf: (authority: string, region?: string) => desk.nameOf(authority, language, region),
    correction: (dataset: string) => (desk.isCorrectable(dataset) ? objections : undefined),
  };
}

/** Uploads the file that a form brought. What is wrong with it is said beside its field. */
export async function putSent(
  desk: ApplyingDesk,
  request: FastifyRequest,
  { cases, subject, found }: OwnCase,
  material: string,
): Promise<void> {
  const [file] = request.sentFiles;
  const read = async (): Promise<Buffer> => {
    if (file === undefined || file.bytes.length > MAX_FILE)
      throw new YitongError('file_too_large', `a file is missing, empty, or larger than ${String(MAX_FILE)} bytes`);
    return file.bytes;
  };
  await cases.putMaterial(found.id, material, read, desk.how(request, subject)).catch((error: unknown) => {
    if (!isYitongError(error)) throw error;
    const nothing = { zh: '请选择文件', en: 'Choose a file.' };
    throw formFault({ file: file === undefined ? nothing : errorWords(error.code) }, error.code);
  });
}

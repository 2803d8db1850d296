/** What is attached to a matter, and the form by which somebody attaches more. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { MAX_FILE } from '../../../procedures/lifecycles/files.js';
import { FILE_KINDS } from '../../../procedures/sharing/attachments.js';
import { ChoiceField, FilesField, FoldedForm, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH } from './words.js';

export interface FileLine {
  readonly id: string;
  readonly kind: Localised;
  /** To what, in words. */
  readonly to: Localised;
  readonly of: Localised;
  /** `PDF`, `OFD`, … */
  readonly type: string;
  readonly size: number;
  readonly digest: string;
  readonly at: number;
  readonly mayRemove: boolean;
}

interface FilesProps {
  readonly language: Language;
  readonly id: string;
  readonly files: readonly FileLine[];
  /** To what whoever looks may attach now. */
  readonly places: readonly { readonly to: string; readonly title: Localised }[];
}

export function Files({ language, id, files, places }: FilesProps): JSX.Element | null {
  const say = sayIn(language);
  if (files.length === 0 && places.length === 0) return null;
  return (
    <>
      <h2 id="files">{say('附件', 'Attachments')}</h2>
      <section class="card pad">
        {files.length === 0 ? (
          <p class="foot">{say('还没有附件', 'None yet.')}</p>
        ) : (
          <ul class="rows history">
            {files.map((file) => (
              <Line file={file} id={id} language={language} key={file.id} />
            ))}
          </ul>
        )}
        {places.length === 0 ? null : (
          <FoldedForm files name="attach" summary={say('添加附件', 'Attach')} action={`${PATH}/${id}/files`}>
            {places.length === 1 ? (
              <input type="hidden" name="to" value={places[0]?.to} />
            ) : (
              <ChoiceField
                name="to"
                required
                label={say('附于', 'To')}
                options={places.map(({ to, title }) => ({ value: to, title: title[language] }))}
              />
            )}
            <ChoiceField
              name="kind"
              required
              label={say('附件种类', 'What it is of')}
              options={Object.entries(FILE_KINDS).map(([value, words]) => ({ value, title: words[language] }))}
            />
            <FilesField
              name="file"
              several={false}
              label={say('文件', 'File')}
              accept=".pdf,.ofd,.xlsx,.jpg,.jpeg,.png"
              hint={say(
                `PDF、OFD、Excel、JPEG、PNG，不超过 ${MAX_FILE / 1_048_576} 兆字节；不得含有宏、脚本或者密码。`,
                `PDF, OFD, XLSX, JPEG or PNG, at most ${MAX_FILE / 1_048_576} MiB; no macro, script or password.`,
              )}
            />
            <p>
              <button class="button low" type="submit">
                {say('添加', 'Attach')}
              </button>
            </p>
          </FoldedForm>
        )}
      </section>
    </>
  );
}

function Line({
  file: { id: name, kind, to, of, type, size, digest, at, mayRemove },
  id,
  language,
}: {
  readonly file: FileLine;
  readonly id: string;
  readonly language: Language;
}): JSX.Element {
  const say = sayIn(language);
  const kib = Math.ceil(size / 1024).toLocaleString('en');
  return (
    <li>
      <div class="grow">
        <p>
          <a href={`${PATH}/${id}/files/${name}`} download>
            <b>{kind[language]}</b>
          </a>{' '}
          <span class="soft">
            {type} · {say(`${kib} 千字节`, `${kib} KiB`)}
          </span>
        </p>
        <p class="foot">
          {of[language]} · {to[language]} · {say('校验值 ', 'SHA-256 ')}
          <span class="mono exact">{digest}</span>
        </p>
        {mayRemove ? (
          <Form action={`${PATH}/${id}/files/${name}/remove`} name={`remove ${name}`}>
            <button class="quiet" type="submit">
              {say('删除', 'Remove')}
            </button>
          </Form>
        ) : null}
      </div>
      <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
    </li>
  );
}

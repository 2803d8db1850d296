/** Materials of a case, each with how it stands: made of the form, uploaded, or known to a register. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { MaterialLine, MaterialState } from '../../../procedures/cases/papers.js';
import { MAX_FILE } from '../../../procedures/lifecycles/files.js';
import { FilesField, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH } from './desk.js';

const states: Readonly<Record<MaterialState, Localised & { readonly css: string }>> = {
  draft: { zh: '由表单生成，待您签名', en: 'made of the form, for you to sign', css: 'none' },
  signed: { zh: '已签名，随表提交', en: 'signed, goes with the form', css: 'ok' },
  changed: { zh: '内容已修改，需要重新签名', en: 'changed since: to be signed again', css: 'warn' },
  filed: { zh: '已签名提交', en: 'signed and filed', css: 'ok' },
  missing: { zh: '请您上传', en: 'for you to upload', css: 'warn' },
  given: { zh: '已上传', en: 'uploaded', css: 'ok' },
  said: { zh: '由数据核验', en: 'checked by data', css: 'none' },
};

interface PapersProps {
  readonly language: Language;
  /** Of the case. */
  readonly id: string;
  readonly lines: readonly MaterialLine[];
  /** Where uploads are sent, with the case's id; default: the pages of the application. */
  readonly base?: string;
}

export function Materials({ language, id, lines, base = PATH }: PapersProps): JSX.Element {
  const say = sayIn(language);
  const own = lines.filter(({ kind }) => kind !== 'data');
  const others = lines.filter(({ kind }) => kind === 'data');
  return (
    <section id="materials">
      <h2>{say(`材料（需要您提交${own.length}份）`, `Papers (${own.length} from you)`)}</h2>
      <div class="card">
        {own.length === 0 ? <p class="empty">{say('无需提交材料', 'none')}</p> : null}
        <ul class="needs papers">
          {own.map((line) => (
            <Paper key={line.material} language={language} id={id} line={line} base={base} />
          ))}
        </ul>
        {others.length === 0 ? null : (
          <details class="pad">
            <summary>
              {say(`另有${others.length}份材料无需您提交`, `${others.length} more that you need not hand in`)}
            </summary>
            <ul class="plainlist">
              {others.map(({ material, title, registers = [] }) => (
                <li key={material}>
                  {title[language]}
                  <span class="soft">
                    {' '}
                    {say(
                      `由${registers.map(({ name }) => `“${name.zh}”`).join('、')}核验`,
                      `checked in: ${registers.map(({ name }) => name.en).join(', ')}`,
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </section>
  );
}

function Paper({
  language,
  id,
  base,
  line: { material, title, state, needed, type, size, parts, mayPut },
}: Required<Omit<PapersProps, 'lines'>> & { readonly line: MaterialLine }): JSX.Element {
  const say = sayIn(language);
  const { css, ...words } = states[state];
  const path = `/${id}/materials/${material}`;
  return (
    <li data-material={material} data-state={state}>
      <b>{title[language]}</b>
      <span class={`state ${css}`}>{words[language]}</span>
      {needed === 'yes' ? null : <span class="soft">{say('视情况需要', 'perhaps')}</span>}
      {type === undefined ? null : (
        <a href={`${PATH}${path}`} download>
          {say('查看', 'Open')}
          <span class="unseen"> {title[language]}</span>
        </a>
      )}
      {size === undefined ? null : (
        <span class="soft">{say(`${Math.ceil(size / 1024)}千字节`, `${Math.ceil(size / 1024)} KiB`)}</span>
      )}
      {parts === undefined ? null : (
        <p class="soft">
          {say('其中包括：', 'With it: ')}
          {parts.map((part) => part[language]).join(say('、', ', '))}
        </p>
      )}
      {mayPut ? (
        <Form class="fill upload" files name={`upload ${material}`} action={`${base}${path}`}>
          <FilesField
            name="file"
            several={false}
            label={
              state === 'given'
                ? say(`更换“${title.zh}”`, `Another file for: ${title.en}`)
                : say(`上传“${title.zh}”`, `Upload: ${title.en}`)
            }
            accept=".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"
            hint={say(
              `PDF、JPEG、PNG，不超过${MAX_FILE / 1_048_576}兆字节。`,
              `PDF, JPEG or PNG, at most ${MAX_FILE / 1_048_576} MiB.`,
            )}
          />
          <button class="quiet" type="submit">
            {say('上传', 'Upload')}
          </button>
        </Form>
      ) : null}
    </li>
  );
}

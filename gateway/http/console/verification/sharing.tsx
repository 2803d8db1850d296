/** What the code of a report or an evaluation about sharing proves. Nothing of what the document says. */
import type { JSX } from 'preact';
import type { SharingModel } from '../../../documents/pdf/sharing/draw.js';
import { kindWords } from '../../../documents/pdf/sharing/words.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { sayIn } from '../../ui/say.js';
import { Drop } from './verify.js';

interface SharingViewProps {
  readonly language: Language;
  readonly model: SharingModel;
  readonly document: string;
  readonly government: string;
  readonly revokedAt?: string;
}

export function sharingView({ language, model, document, government, revokedAt }: SharingViewProps): JSX.Element {
  const say = sayIn(language);
  const { paper } = model;
  return (
    <>
      <h1>{say('核验结果', 'Verification')}</h1>
      <div
        class={`outcome ${revokedAt === undefined ? 'ok' : 'bad'}`}
        data-outcome={revokedAt === undefined ? 'genuine' : 'revoked'}
      >
        <div role="status">
          <b>{revokedAt === undefined ? say('✓ 真实有效', '✓ Genuine') : say('✗ 已撤销', '✗ Revoked')}</b>
          <p>
            {revokedAt === undefined
              ? say('文书经审定并签名，内容未经改动。', 'It was approved and signed, and stands as it was.')
              : say(
                  `出具单位已于 ${localSecond(revokedAt)} 撤销这份文书。`,
                  `Its issuer revoked this document at ${localSecond(revokedAt)}.`,
                )}
          </p>
        </div>
      </div>
      <div class="card">
        <dl class="facts">
          <dt>{say('文书', 'Document')}</dt>
          <dd>{model.title[language]}</dd>
          <dt>{say('出具单位', 'Issued by')}</dt>
          <dd>{model.issuer[language]}</dd>
          <dt>{say('报送', 'To')}</dt>
          <dd>{paper.names[government]?.[language]}</dd>
          <dt>{say('依据', 'Legal basis')}</dt>
          <dd>{kindWords[model.kind].basis[language]}</dd>
          <dt>{say('统计期间', 'Period')}</dt>
          <dd>
            {paper.from} – {paper.to}
          </dd>
          <dt>{say('审定时间', 'Approved')}</dt>
          <dd>
            <time dateTime={model.issuedAt}>{localSecond(model.issuedAt)}</time>
          </dd>
          <dt>{say('文书摘要', 'Digest')}</dt>
          <dd class="mono exact">{document}</dd>
        </dl>
      </div>
      <h2>{say('检验手中的 PDF', 'Check the PDF you were given')}</h2>
      <Drop language={language} document={document} />
      <p class="foot">
        {say(
          '本页不显示文书的内容；内容以持有人手中的文书为准。',
          'This page shows nothing of what the document says; that is what its holder gave you.',
        )}{' '}
        <a href="/verify">{say('核验另一份', 'Verify another')}</a>
      </p>
    </>
  );
}

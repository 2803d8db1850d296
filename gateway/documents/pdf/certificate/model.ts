/**
 * What a certificate of proof says of one entry of the log: its facts in words of both languages, the checkpoint, and
 * what a stranger checks it with.
 */

import { join } from 'node:path';
import { YitongError } from '../../../../contracts/errors.js';
import { keyOf } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Localised } from '../../../../contracts/types.js';
import { deliveryWords, reasonWords } from '../../../../policies/words.js';
import { readIfThere } from '../../../ground/files/read-if-there.js';
import { localSecond } from '../../../ground/language/time.js';
import { actionWords, lookWords } from '../../../log/entries/actions.js';
import { detailsOf } from '../../../log/entries/body.js';
import { auditLayout } from '../../../log/entries/layout.js';
import { parseCheckpoint } from '../../../log/proof/checkpoint.js';
import { cosignersOf } from '../../../log/proof/cosignature.js';
import { commitmentOf } from '../../../log/proof/journal.js';
import { leafHash } from '../../../log/proof/merkle.js';
import { parseNote, type Verifier } from '../../../log/proof/note.js';
import { parseProof } from '../../../log/proof/proof.js';
import { tileNodes } from '../../../log/proof/tiles.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { lookupReceipt } from '../../../log/store/receipts.js';
import { readVkey } from '../../../log/store/vkey.js';
import { inOneLine, typeWords } from '../../words/entry.js';
import type { Names } from '../../words/names.js';

interface CertifiedDataset {
  readonly name: Localised;
  readonly id: string;
  readonly outcome: Localised;
  /** Of a denial its reason, else the fields that were released. */
  readonly because: Localised;
  readonly records: string;
}

export interface CertificateModel {
  /** Whose gateway it is. */
  readonly city: Localised;
  readonly synthetic: boolean;
  readonly index: number;
  /** `<journal>:<seq>` */
  readonly receipt: string;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  /** ISO 8601, UTC; undefined where nothing is left of the body. */
  readonly recordedAt: string | undefined;
  readonly summary: Localised;
  readonly facts: readonly (readonly [Localised, Localised])[];
  readonly datasets: readonly CertifiedDataset[];
  /** Salt and subject, or the whole body, were destroyed by the order in entry `by`. */
  readonly gone: { readonly kind: 'erased' | 'expired'; readonly by: number } | undefined;
  readonly proof: {
    /** base64; undefined where the salt is gone. */
    readonly commitment: string | undefined;
    readonly leaf: string;
    readonly origin: string;
    readonly size: number;
    readonly root: string;
    readonly vkey: string;
    readonly witnesses: readonly {
      readonly name: string /** ISO 8601, UTC. */;
      readonly at: string;
      readonly vkey: string;
    }[];
  };
  /** What is attached: as GET /v1/receipts/{id} answers. JSON text. */
  readonly attached: string;
}

interface CertificateGround {
  readonly dataDir: string;
  readonly city: Localised;
  readonly synthetic: boolean;
  readonly names: { readonly zh: Names; readonly en: Names };
  /** Witnesses that the log names. */
  readonly witnesses: readonly Verifier[];
  readonly now: number;
}

const plain = (text: string): Localised => ({ zh: text, en: '' });
/** A name with the id beside it, as a court has to be able to find it again. */
const withId = (name: Localised, id: string): Localised => ({
  zh: `${name.zh}（${id}）`,
  en: name.en === id ? '' : name.en,
});

/**
 * @param found as search gives it; opened where whoever asks may see whom it is about
 * @throws YitongError `not_found` while the entry is under no published checkpoint; `log_invalid` if what is stored
 * does not fit the log
 */
export function certificateModel(
  found: FoundEntry,
  { dataDir, city, synthetic, names, witnesses, now }: CertificateGround,
): CertificateModel {
  const looked = lookupReceipt(dataDir, found.receipt);
  if (looked.kind === 'not_yet' || looked.index !== found.index)
    throw new YitongError('not_found', 'the entry is under no published checkpoint so far; ask again in a few seconds');
  const { index, body: text, salt, erasedBy, expiredBy, proof } = looked;
  const note = parseNote(Buffer.from(parseProof(proof).checkpoint));
  const { origin, size, root } = parseCheckpoint(note.text);
  const { log } = auditLayout(dataDir);
  const commitment = salt === undefined ? undefined : commitmentOf(salt, Buffer.from(text));
  const leaf =
    commitment === undefined ? tileNodes(size, (path) => readIfThere(join(log, path)))(0, index) : leafHash(commitment);
  const gone =
    expiredBy !== undefined
      ? ({ kind: 'expired', by: expiredBy } as const)
      : erasedBy !== undefined
        ? ({ kind: 'erased', by: erasedBy } as const)
        : undefined;
  // in the form in which the gateway answers for a receipt
  const attached = {
    id: found.receipt,
    state: 'logged',
    index,
    body: text,
    ...(salt === undefined ? {} : { salt: salt.toString('base64') }),
    ...present({ erasedBy, expiredBy }),
    proof,
  };
  return {
    city,
    synthetic,
    index,
    receipt: found.receipt,
    issuedAt: new Date(now).toISOString(),
    recordedAt: expiredBy === undefined ? found.body.time : undefined,
    summary: expiredBy === undefined ? { zh: inOneLine(found, 'zh'), en: inOneLine(found, 'en') } : plain(''),
    facts: expiredBy === undefined ? factsOf(found, names) : [],
    datasets: expiredBy === undefined ? datasetsOf(found, names) : [],
    gone,
    proof: {
      commitment: commitment?.toString('base64'),
      leaf: leaf.toString('base64'),
      origin,
      size,
      root: root.toString('base64'),
      vkey: readVkey(dataDir),
      witnesses: cosignersOf(note, witnesses).map(({ name, time, vkey }) => ({
        name,
        at: new Date(time * 1000).toISOString(),
        vkey,
      })),
    },
    attached: `${JSON.stringify(attached, null, 2)}\n`,
  };
}

function factsOf(
  { body, opened, receipt }: FoundEntry,
  { zh, en }: CertificateGround['names'],
): CertificateModel['facts'] {
  const facts: (readonly [Localised, Localised])[] = [];
  const add = (title: Localised, value: Localised | undefined): void => {
    if (value !== undefined && value.zh !== '') facts.push([title, value]);
  };
  const named = (of: 'client' | 'authority', id: string | undefined): Localised | undefined =>
    id === undefined ? undefined : withId({ zh: zh[of](id) ?? '', en: en[of](id) ?? '' }, id);
  const text = (value: unknown): Localised | undefined =>
    typeof value === 'string' && value !== '' ? plain(value) : undefined;
  const { item = body.item, caseId, actor } = detailsOf(opened);
  add({ zh: '事项', en: 'Event' }, { zh: typeWords(body.type, 'zh'), en: typeWords(body.type, 'en') });
  add(
    { zh: '记录时间', en: 'Recorded at' },
    body.time === undefined ? undefined : { zh: `${localSecond(body.time)}（北京时间）`, en: body.time },
  );
  add({ zh: '使用单位', en: 'Consumer authority' }, named('authority', body.authority));
  add({ zh: '应用', en: 'Client' }, named('client', body.client));
  add(
    { zh: '用途', en: 'Purpose' },
    body.purpose === undefined
      ? undefined
      : withId(
          { zh: zh.purpose(body.purpose, body.report) ?? '', en: en.purpose(body.purpose, body.report) ?? '' },
          body.purpose,
        ),
  );
  if (body.type === 'released') add({ zh: '方式', en: 'Delivery' }, deliveryWords(body.delivery ?? 'query'));
  add(
    { zh: '操作', en: 'Action' },
    body.action === undefined ? undefined : (body.type === 'looked' ? lookWords : actionWords)(body.action),
  );
  if (opened !== undefined) {
    add({ zh: '主体', en: 'Subject' }, plain(opened.subject.startsWith('person:') ? '' : keyOf(opened.subject)));
    add({ zh: '事项编码', en: 'Item' }, text(item));
    add({ zh: '办件编号', en: 'Case' }, text(caseId));
    add({ zh: '经办人', en: 'Case handler' }, text(actor));
  } else {
    add(
      { zh: '主体', en: 'Subject' },
      body.subject?.pseudonym === undefined
        ? undefined
        : {
            zh: `以主体专属密钥加密，不在本证明之内（代号 ${body.subject.pseudonym}）`,
            en: 'encrypted under a key of its own, not part of this certificate',
          },
    );
  }
  add({ zh: '请求编号', en: 'Request' }, text(body.requestId));
  add({ zh: '回执编号', en: 'Receipt' }, plain(receipt));
  add({ zh: '策略版本', en: 'Policy version' }, text(body['policyVersion']));
  add({ zh: '答复摘要', en: 'Digest of the answer' }, text(body['bodySha256']));
  return facts;
}

function datasetsOf({ body }: FoundEntry, { zh, en }: CertificateGround['names']): readonly CertifiedDataset[] {
  return (body.datasets ?? []).map(({ dataset = '', effect, reason, fields = [], records }) => ({
    name: { zh: zh.dataset(dataset) ?? '', en: en.dataset(dataset) ?? '' },
    id: dataset,
    outcome:
      effect === 'allow'
        ? { zh: '提供', en: 'released' }
        : effect === 'deny'
          ? { zh: '拒绝', en: 'denied' }
          : { zh: '—', en: '' },
    because:
      reason === undefined
        ? {
            zh: fields.map((path) => zh.field(dataset, path)).join('、'),
            en: fields.map((path) => en.field(dataset, path)).join(', '),
          }
        : reasonWords(reason),
    records: records === undefined ? '—' : String(records),
  }));
}

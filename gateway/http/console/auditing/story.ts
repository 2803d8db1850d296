/**
 * One answer as a story, for whoever has to judge it: who asked for what, on which grant and law, what left and what
 * did not, whether the subject is told, and until when the entry is kept. Pure. Grants are as they are in force now; of
 * one that is gone, only that it is gone is said.
 */
import type { Grant, PolicySet } from '../../../../policies/types.js';
import { whyDenied } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import { type Keep, parseTerm } from '../../../ground/config/terms.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { LogBody, LogDataset } from '../../../log/entries/body.js';
import { classOf } from '../../../log/erasure/class.js';

interface Told {
  readonly body: LogBody;
  readonly names: Names;
  readonly grants: PolicySet['grants'];
  readonly keep: Keep;
  readonly language: Language;
  /** Whom it is about, in words, where whoever reads it knows that. */
  readonly about?: string;
}

/** Sentences in their order; none for an entry that is no answer, or of which the body is gone. */
export function storyOf(told: Told): readonly string[] {
  const { body } = told;
  if (body.type !== 'released' || body.time === undefined) return [];
  const datasets = body.datasets ?? [];
  return [
    asked(told),
    ...datasets.flatMap((one) => (one.effect === 'allow' ? given(one, told) : [kept(one, told)])),
    order(told),
    ...notice(datasets, told),
    ...until(told),
  ];
}

const ways: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  query: ['查询', 'asked about'],
  verify: ['核验', 'had statements compared about'],
  batch: ['批量查询', 'asked in bulk about'],
  subscription: ['订阅', 'was told of changes of'],
  file: ['以文件方式索取', 'had a file made about'],
};

function asked({ body, names, language, about }: Told): string {
  const at = localMinute(body.time ?? '');
  const [who, of] = [names.client(body.client) ?? '–', names.authority(body.authority) ?? '–'];
  const why = names.purpose(body.purpose, body.report) ?? '–';
  const [zh, en] = ways[body.delivery ?? 'query'] ?? ['使用', 'used data of'];
  const many = body.batch ?? body.subjects ?? 1;
  if (language === 'zh') {
    const one = about === undefined ? '一个主体' : `“${about}”`;
    const among = about === undefined ? '' : `（其中有“${about}”）`;
    const whom = many > 1 ? `${String(many)}个主体${among}` : one;
    return `${at}（北京时间），${of}的“${who}”为“${why}”${zh}了${whom}的数据。`;
  }
  const among = about === undefined ? '' : `, “${about}” among them`;
  const whom = many > 1 ? `${String(many)} subjects${among}` : (about ?? 'one subject');
  return `At ${at} (UTC+8) “${who}” of ${of} ${en} ${whom}, for “${why}”.`;
}

function given(one: LogDataset, { names, grants, language }: Told): readonly string[] {
  const dataset = names.dataset(one.dataset) ?? '–';
  const zh = language === 'zh';
  const fields = (one.fields ?? []).map((path) => names.field(one.dataset ?? '', path));
  const records = one.records ?? 0;
  const list = fields.join(zh ? '、' : ', ');
  const of = list === '' ? '' : zh ? `的${list}` : ` with ${list}`;
  const some = zh ? `提供了${String(records)}条记录` : `${String(records)} ${records === 1 ? 'record' : 'records'}`;
  const none = zh ? '经查无记录' : 'none on record';
  const what = `${dataset}${zh ? '：' : ': '}${records === 0 ? none : `${some}${of}`}`;
  const grant = grants.get((one.grant ?? '') as Grant['id']);
  if (grant === undefined)
    return [
      zh ? `${what}。所依据的授权已不在现行授权之中。` : `${what}. The grant that allowed it is not in force any more.`,
    ];
  const law = grant.legalBasis.join(zh ? '、' : '; ');
  return [
    zh
      ? `${what}。授权有效期为${grant.from}至${grant.until}，法律依据为${law}。`
      : `${what}. Granted from ${grant.from} to ${grant.until}, on the basis of ${law}.`,
  ];
}

function kept(one: LogDataset, { names, language }: Told): string {
  const dataset = names.dataset(one.dataset) ?? '–';
  const why = whyDenied(one.reason, language);
  return language === 'zh' ? `${dataset}：未予提供，原因是${why}。` : `${dataset}: nothing was given: ${why}.`;
}

const order = ({ body, language }: Told): string =>
  body.dryRun === true
    ? language === 'zh'
      ? '这是一次试算，未读取任何记录。'
      : 'It was a dry run: no record was read.'
    : language === 'zh'
      ? '本条记录先写入日志，答复随后送出。'
      : 'The entry was on disk before the first byte of the answer left.';

/** Whether the subject sees it among the uses of its data. */
function notice(datasets: readonly LogDataset[], { grants, language }: Told): readonly string[] {
  const zh = language === 'zh';
  const modes = new Set(
    datasets.flatMap(({ effect, grant }) => {
      const known = effect === 'allow' ? grants.get((grant ?? '') as Grant['id']) : undefined;
      return known === undefined ? [] : [known.subjectNotice.mode];
    }),
  );
  if (modes.size === 0) return [];
  if (modes.has('withheld'))
    return [zh ? '其中部分使用依授权规定不告知当事人。' : 'By its grant a part of it is not told to the subject.'];
  if (modes.has('delayed'))
    return [
      zh
        ? '当事人在授权规定的期限届满后可查阅本次使用。'
        : 'The subject may read of it once the delay of its grant is over.',
    ];
  return [zh ? '当事人可随时查阅本次使用。' : 'The subject may read of it at any time.'];
}

function until({ body, keep, language }: Told): readonly string[] {
  const term = parseTerm(keep[classOf(body) ?? 'rest']);
  if (term === undefined || classOf(body) === undefined) return [];
  const end = new Date(body.time ?? '');
  end.setUTCMonth(end.getUTCMonth() + term.months);
  end.setUTCDate(end.getUTCDate() + term.days);
  const day = localMinute(end.getTime()).slice(0, 10);
  return [
    language === 'zh'
      ? `本条记录的内容至少保存至${day}，存证长期保留。`
      : `Its body is kept until ${day} at least, its commitment in the log for good.`,
  ];
}

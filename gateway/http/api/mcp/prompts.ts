/**
 * What a person may choose in their assistant as a beginning, and what fits where they write the name of a matter. A
 * prompt says in which order tools are used, and nothing of anybody but what was filled in; it asks nothing by itself.
 */
import type { BundleHead } from '../bundles/client.js';

interface Argument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}
interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly Argument[];
  text(given: Readonly<Record<string, string>>): string;
}

const MOST = 200;
const MATTER = 'bundle';
/** Values that are proposed at once. */
const PROPOSED = 20;

const argument = (name: string, description: string, required = true): Argument => ({ name, description, required });

export const PROMPTS: readonly Prompt[] = [
  {
    name: 'start',
    title: '能查什么、能办什么 What can be asked and prepared',
    description: '列出数据目录和“一件事”，不查询任何主体 Lists datasets and matters, and asks about nobody',
    arguments: [],
    text: () =>
      '请先用 catalogue 和 bundles 列出这里有哪些数据、能办哪些“一件事”，用几句话告诉我。不要查询任何企业或个人；要查询时先问我用途和办件编号。',
  },
  {
    name: 'prepare',
    title: '准备一件事 Prepare a matter',
    description:
      '先看方案，再准备草稿；由申请人核对、签名并提交 Plans it, then fills in a draft, which who applies looks over, signs and submits',
    arguments: [
      argument(MATTER, '“一件事”的编号，见 bundles The matter, as `bundles` lists it'),
      argument('subject', '申请人，<标识类型>:<号码> Who applies, `<scheme>:<key>`'),
      argument('caseId', '办件编号 The case that is worked on'),
    ],
    text: ({ [MATTER]: matter = '', subject = '', caseId = '' }) =>
      `办件编号 ${caseId}：请为 ${subject} 准备“一件事” ${matter}。先用 bundles 和 plan_bundle 看方案，说明办哪些事项、还缺什么；` +
      '只问登记机关没有的信息，一次问一个。然后用 open_draft 和 fill_draft 准备草稿，用 case_form 核对。不要替申请人确认：草稿由申请人自己核对、签名并提交。',
  },
  {
    name: 'look-up',
    title: '查询一个主体 Ask about one subject',
    description:
      '先看能查到什么，再按用途和办件查询 Says first what would be answered, then asks, for a stated purpose and case',
    arguments: [
      argument('subject', '查询谁，<标识类型>:<号码> About whom, `<scheme>:<key>`'),
      argument('purpose', '用途编号 For which purpose'),
      argument('caseId', '办件编号 The case that is worked on'),
    ],
    text: ({ subject = '', purpose = '', caseId = '' }) =>
      `办件编号 ${caseId}，用途 ${purpose}：请先用 query 的 dryRun 看关于 ${subject} 能查到哪些数据和字段，再只查办这件事需要的。` +
      '被拒绝的，告诉我需要什么共享申请；不要换用途再试。',
  },
];

/** @returns undefined where there is no such prompt, or an argument is missing or too long */
export function promptText(name: string, given: Readonly<Record<string, string>> = {}): string | undefined {
  const prompt = PROMPTS.find((one) => one.name === name);
  const isWrong = prompt?.arguments.some(({ name: each, required }) => {
    const value = given[each] ?? '';
    return value.length > MOST || (required && value.trim() === '');
  });
  return prompt === undefined || isWrong === true ? undefined : prompt.text(given);
}

/** Matters whose id or title has what was written so far. */
export function proposedFor(
  prompt: string,
  { name, value }: { readonly name: string; readonly value: string },
  bundles: readonly Pick<BundleHead, 'id' | 'title'>[],
): readonly string[] {
  if (
    name !== MATTER ||
    PROMPTS.find((one) => one.name === prompt)?.arguments.every((one) => one.name !== name) !== false
  )
    return [];
  const written = value.trim().toLowerCase();
  return bundles
    .filter(({ id, title }) => [id, title.zh, title.en.toLowerCase()].some((text) => text.includes(written)))
    .map(({ id }) => id)
    .slice(0, PROPOSED);
}

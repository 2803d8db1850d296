import { errorWords } from '../../../contracts/error-words.js';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Command } from '../command.js';

const command: Command = {
  summary: 'every error code with its HTTP status and meaning',
  zh: '列出全部错误码及其含义',
  usage: '[--markdown] [--zh] [--json]',
  examples: ['yitong errors', 'yitong errors --markdown > docs/errors.md'],
  options: { markdown: { type: 'boolean', describe: 'as the page docs/errors.md' } },
  async run(call) {
    const rows = Object.entries(errorTable).map(([code, { status, title, refusal }]) => ({
      code,
      status,
      title,
      ...present({ refusal }),
    }));
    call.json({ errors: rows });
    if (call.values['markdown'] === true) {
      call.say('# Errors\n');
      call.say(
        'Made by `yitong errors --markdown`; a test holds it equal to `contracts/errors.ts`. Over HTTP an ' +
          'error is problem+json (RFC 9457) with `code`,',
      );
      call.say(
        '`title`, `status`, `detail` and `requestId`. Codes are stable. On the command line the code stands in ' +
          'brackets behind the message.\n',
      );
      call.say('| code | status | meaning |');
      call.say('|---|---|---|');
      for (const { code, status, title } of rows) call.say(`| \`${code}\` | ${status} | ${title} |`);
      call.say('\n## Reasons inside an answer\n');
      call.say('A denied dataset and a withheld field carry a `reason`; these are not errors of the request.\n');
      call.say('| reason | meaning |');
      call.say('|---|---|');
      for (const [reason, meaning] of reasons) call.say(`| \`${reason}\` | ${meaning} |`);
      return 0;
    }
    const zh = call.language === 'zh';
    for (const { code, status, title } of rows)
      call.say(zh ? `${status}  ${errorWords(code as ErrorCode).zh}` : `${code.padEnd(24)} ${status}  ${title}`);
    return 0;
  },
};
export default command;

/** Of `ReasonCode` in policies/types.ts, `rows_limited` of a query, and those of a claim. */
const reasons: readonly (readonly [string, string])[] = [
  ['not_granted', 'no grant in force covers client, purpose, dataset and delivery; said alike for what does not exist'],
  ['grant_expired', "the client's own grant of exactly this has ended"],
  ['grant_not_begun', "the client's own grant of exactly this has not begun"],
  ['grant_suspended', "the client's own grant of exactly this is suspended"],
  ['policy', 'a policy forbids it, or none permits it'],
  ['field_not_granted', 'the grant does not name the field; said alike for a field that does not exist'],
  ['field_not_permitted', 'the field is granted, but no policy permits its classification for this purpose'],
  ['case_required', 'the grant asks for parts of `case` that the request does not state'],
  [
    'not_released_as_value',
    'the grant releases the field in another form than this way of asking gives: for comparing only, or as a ' +
      'count, a band or the like',
  ],
  ['batch_limit', 'the batch asks about more subjects than the grant allows at a time'],
  ['rows_limited', 'the grant shows only some records of the dataset (by area or by a list of subjects)'],
  [
    'guess_limit',
    'the client has claimed too many different values of this field of this subject in 24 hours; earlier ones ' +
      'are still compared',
  ],
  ['bad_value', 'the claimed value is not of the form that the field has'],
  ['not_comparable', 'the field is a branch or a map, so there is no one value to compare with'],
  ['stale', 'nothing is on record, but the dataset is not current, so that is not said'],
  ['never-loaded', 'the dataset was never seen in full, so nothing is said of it'],
  ['unavailable', 'the part of the view that has the subject is away or behind, so nothing is said of it'],
  ['error', 'the decision failed, which is a denial'],
];

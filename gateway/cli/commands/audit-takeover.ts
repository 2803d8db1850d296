import { join } from 'node:path';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../ground/config/index.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { planTakeover, takeOver } from '../../operate/backup/takeover.js';
import type { TakeoverOptions, TakeoverPlan } from '../../operate/backup/takeover-look.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { knowledgeOf } from '../knowledge.js';
import { type ProgressBar, progressBar } from '../progress.js';

/**
 * Another replica becomes the sequencer. Without `--yes` it only says what it found, what is missing and what it would
 * do.
 */
const command: Command = {
  summary: 'take over a log whose sequencer is gone: say what is missing, then go on with it here',
  zh: '主日志节点失效后由本机接管：先列出缺失，再继续',
  usage: '[--from FOLDER] [--checkpoint FILE | --no-newer WORD] [--origin NAME] [--yes] [--data D] [--json]',
  examples: [
    'yitong audit takeover --data /var/lib/yitong',
    "yitong audit takeover --from /mnt/old-disk/yitong --no-newer 'the disk itself, ticket 214' --yes",
    'yitong audit takeover --from /mnt/backups/2026-11-26/data --checkpoint from-witness.txt --yes',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    from: {
      type: 'string',
      describe:
        'what is left of the data folder of the one that sequenced, or a copy of it (of a backup its `data`); ' +
        'without it, what this replica has itself',
    },
    checkpoint: {
      type: 'string',
      describe:
        'the newest checkpoint of the log that anybody has, from a witness or a reader; the log keeps its name ' +
        'if the folder covers it',
    },
    'no-newer': {
      type: 'string',
      describe:
        'your word, and why, that the log signed nothing after what is in the folder, as where it is the disk ' +
        'itself; goes on record, and the log keeps its name',
    },
    origin: {
      type: 'string',
      describe: 'the new name of the log, where it takes one; default: the old one with a number behind it',
    },
    yes: { type: 'boolean', describe: 'do it; without it nothing is written' },
  },
  async run(call) {
    const checkpoint = text(call.values['checkpoint']);
    const word = text(call.values['no-newer']);
    if (checkpoint !== undefined && word !== undefined) {
      throw new WrongUsage('say `--checkpoint` or `--no-newer`, not both');
    }
    const { workspace: dir, data } = folders(call.values);
    const { audit } = readSettings(
      (await loadWorkspace(dir)).settings,
      { file: join(dir, 'yitong.json') },
      process.env,
    );
    let bar: ProgressBar | undefined;
    let shown = '';
    const options: TakeoverOptions = {
      dataDir: data,
      from: text(call.values['from']),
      replica: audit.replica,
      others: Object.keys(audit.replicas),
      configured: audit.origin,
      knowledge: knowledgeOf(checkpoint, word),
      origin: text(call.values['origin']),
      now: Date.now,
      onProgress(what, done, of) {
        if (what !== shown) {
          bar?.end();
          bar = progressBar(what);
          shown = what;
        }
        bar?.to(done, of);
      },
    };
    try {
      if (call.values['yes'] !== true) {
        const plan = await planTakeover(options);
        bar?.end();
        call.json({ done: false, ...plan });
        tell(plan, call.say);
        call.say('nothing was written; say `--yes` to do it');
        return 0;
      }
      const done = await takeOver(options);
      bar?.end();
      call.json({ done: true, ...done });
      tell(done, call.say);
      call.say(`the log goes on here as \`${done.origin}\`, signed by ${done.vkey}`);
      const wrong = [
        ...(audit.sequencer ? [] : ['"sequencer": true']),
        ...(audit.epoch >= done.epoch ? [] : [`"epoch": ${done.epoch}`]),
        ...(audit.origin === done.origin ? [] : [`"origin": "${done.origin}"`]),
      ];
      if (wrong.length > 0) call.say(`before you start it, set in yitong.json "audit": { ${wrong.join(', ')} }`);
      if (done.renamed) call.say('give witnesses and verifiers the new key and the reason');
      call.say(
        'let the old one not start again as the sequencer: its folder may only be started with `audit.sequencer` false',
      );
      return 0;
    } finally {
      bar?.end();
    }
  },
};
export default command;

/** What was found, for people. */
function tell(plan: TakeoverPlan, say: (line: string) => void): void {
  say(
    `the log \`${plan.before}\`: ${plan.size.toLocaleString('en')} entries are ` +
      'here' +
      (plan.lost === undefined
        ? '; whether there were more nobody knows'
        : plan.lost === 0
          ? ''
          : `, and ${plan.lost} that were in it are not`),
  );
  say(plan.renamed ? `it takes a new name: ${plan.why ?? ''}` : 'it keeps its name');
  for (const { journal, replica, lastSeq, newer } of plan.journals)
    say(`journal ${journal} of ${replica}: up to seq ${lastSeq}, ${newer} of it not in the log so far, brought here`);
  for (const { journal, replica, from, to, open } of plan.missing) {
    const range =
      to >= from
        ? `seq ${from} to ${to} ${to === from ? 'is' : 'are'} missing`
        : `nothing up to seq ${from - 1} is missing`;
    say(
      `journal ${journal} of ${replica}: ` +
        `${range}${open ? '; what came behind it, if anything, is missing too' : ''}. It is declared in the log`,
    );
  }
  if (plan.missing.length === 0) say('nothing is missing');
}

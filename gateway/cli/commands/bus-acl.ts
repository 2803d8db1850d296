import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Acl,
  type AclDifference,
  aclCommands,
  aclText,
  compareAcls,
  openAcls,
} from '../../../connectors/bus/kafka/acl.js';
import { type RightsSettings, rightsOf, rightsSchema } from '../../../connectors/bus/rights.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { namesBus } from '../../ground/config/bus.js';
import { readSettings } from '../../ground/config/index.js';
import { folders, text, workspaceOption } from '../../ground/files/places.js';
import { busFrom, busOf } from '../../operate/bus.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const checkSettings = shape<RightsSettings>(rightsSchema, 'bad_config');
type Mode = 'print' | 'check' | 'apply' | 'prune';

/** ms in which a broker that was asked has heard of what the cluster has agreed to, and ms between two looks. */
const SEEN_WITHIN = 5000;
const LOOK_EVERY = 100;

/** What stands once what was set and removed is seen; what stands then, where it is not seen in time. */
async function onceSeen(compared: () => Promise<AclDifference>, removed: readonly Acl[]): Promise<AclDifference> {
  const gone = new Set(removed.map(aclText));
  for (const until = Date.now() + SEEN_WITHIN; ; await pause(LOOK_EVERY)) {
    const after = await compared();
    const seen = after.missing.length === 0 && !after.surplus.some((acl) => gone.has(aclText(acl)));
    if (seen || Date.now() >= until) return after;
  }
}

async function confirmed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new YitongError(
      'bad_request',
      `${count} ACLs would be removed and nobody is there to be asked; say \`--yes\``,
    );
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await ask.question(`remove these ${count} ACLs? [y/N] `)).trim());
  } finally {
    ask.close();
  }
}

const command: Command = {
  summary: 'the ACLs by which only an authority writes to its topics: printed, checked, set',
  zh: '消息总线权限：列出、比对、设置',
  usage: '[--check | --apply | --prune [--yes]] [--admin FILE] [--workspace D] [--json]',
  wanting: 'with --check, --apply or --prune: where the cluster differs from what the workspace says',
  examples: [
    'yitong bus acl',
    'yitong bus acl --check',
    'yitong bus acl --apply --admin /etc/yitong/kafka-admin.json',
    'yitong bus acl --prune --admin /etc/yitong/kafka-admin.json',
  ],
  options: {
    check: {
      type: 'boolean',
      describe: 'compare with the cluster: 1 if an ACL is missing, or somebody may do what is not said here',
    },
    apply: { type: 'boolean', describe: 'set what is missing' },
    prune: {
      type: 'boolean',
      describe: 'set what is missing and remove what is surplus on our topics and groups; asks first',
    },
    yes: { type: 'boolean', describe: 'do not ask' },
    admin: {
      type: 'string',
      describe: 'JSON file like the section `bus`, of a principal that may alter ACLs; default: that section',
    },
    workspace: workspaceOption,
  },
  async run(call) {
    const { workspace: dir, data } = folders(call.values);
    const modes = (['check', 'apply', 'prune'] as const).filter((name) => call.values[name] === true);
    if (modes.length > 1) throw new WrongUsage('say one of `--check`, `--apply` and `--prune`');
    const mode: Mode = modes[0] ?? 'print';
    const workspace = await loadWorkspace(dir);
    const settings = checkSettings(workspace.settings['acl'] ?? {}, { file: join(dir, 'yitong.json') });
    const given = text(call.values['admin']);
    const own = namesBus(workspace.settings['bus'], process.env) ? await busOf('kafka', dir, data) : undefined;
    const admin = given === undefined ? own : await busFrom(given);
    const pushed = new Set(
      [...(await loadFeeds(workspace)).values()]
        .filter(({ schedule }) => schedule === 'push')
        .map(({ dataset }) => dataset),
    );
    const { clients } = await loadPolicies(workspace);
    const rights = rightsOf({
      workspace,
      settings,
      groupId: own?.driver === 'kafka' ? own.groupId : workspace.prefix,
      pushed,
      caseTopics: readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env).gateway.caseTopics,
      clientTopics: new Map(
        [...clients.values()].flatMap(({ id, topic }) => (topic === undefined ? [] : [[id, topic]])),
      ),
    });
    if (mode === 'print') {
      call.json({ acls: rights });
      for (const line of aclCommands(rights, admin?.driver === 'kafka' ? admin.brokers.join(',') : 'localhost:9092'))
        call.say(line);
      return 0;
    }
    if (admin?.driver !== 'kafka')
      throw new YitongError(
        'bad_config',
        `to ${mode} ACLs, yitong.json needs a section \`bus\` with driver \`kafka\`, or say \`--admin FILE\``,
      );
    const cluster = openAcls(admin);
    const compared = async (): Promise<AclDifference> => compareAcls(rights, await cluster.list(), workspace.prefix);
    const tell = (word: string, list: readonly Acl[]): void =>
      list.forEach((acl) => call.say(`${word}  ${aclText(acl)}`));
    const before = await compared();
    let removed: readonly Acl[] = [];
    if (mode !== 'check') {
      await cluster.add(before.missing);
      tell('set    ', before.missing);
    }
    if (mode === 'prune' && before.surplus.length > 0) {
      if (call.values['yes'] !== true)
        for (const acl of before.surplus) process.stderr.write(`surplus  ${aclText(acl)}\n`);
      if (call.values['yes'] === true || (await confirmed(before.surplus.length))) {
        await cluster.remove(before.surplus);
        removed = before.surplus;
        tell('removed', removed);
      }
    }
    const changed = mode !== 'check' && before.missing.length + removed.length > 0;
    const after = changed ? await onceSeen(compared, removed) : before;
    tell('missing', after.missing);
    tell('surplus', after.surplus);
    tell('wider  ', after.wider);
    const good = after.missing.length + after.surplus.length + after.wider.length === 0;
    call.say(
      good
        ? `${rights.length} ACLs stand as the workspace says`
        : `${after.missing.length} missing, ${after.surplus.length} surplus, ${after.wider.length} wider ` +
            'patterns of others',
    );
    call.json({ ...(mode === 'check' ? {} : { set: before.missing, removed }), ...after });
    return good ? 0 : 1;
  },
};
export default command;

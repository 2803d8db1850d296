/** What the commands of matters of sharing have in common. */
import { isYitongError } from '../../contracts/errors.js';
import { readJson } from '../../contracts/files.js';
import { OFFICER_ROLES } from '../../contracts/lifecycle/program-names.js';
import { present } from '../../contracts/present.js';
import {
  type Client,
  type DeputiesAnswer,
  GatewayError,
  type MatterOfficer,
  type MatterOfSharing,
} from '../client/index.js';
import { text } from '../ground/files/places.js';
import type { Invocation } from './command.js';
import { WrongUsage } from './failure.js';
import { gatewayAs, gatewayOptions } from './gateway-options.js';

export const sharingOptions = {
  as: {
    type: 'string',
    zh: '以哪个应用的身份办理',
    describe: 'the client of your department; its certificate stands in the PKI folder',
  },
  role: {
    type: 'string',
    zh: '经办人员的身份；默认：数据共享经办人员',
    describe: 'as which the officer acts; default `sharing-officer`',
    values: OFFICER_ROLES,
  },
  officer: { type: 'string', zh: '经办人员编号', describe: 'who acts, by an id of your own department' },
  ...gatewayOptions,
} as const;

/** @throws WrongUsage where somebody acts in a role and nobody says who */
export function officerIn(values: Invocation['values']): MatterOfficer | undefined {
  const id = text(values['officer']);
  const role = OFFICER_ROLES.find((one) => one === text(values['role']));
  if (id === undefined && role !== undefined) throw new WrongUsage('`--role` stands with `--officer`, who acts in it');
  return id === undefined ? undefined : { id, role: role ?? 'sharing-officer' };
}

/** @throws YitongError `bad_request` for a file that is no JSON */
export const contentIn = async (file: string | undefined): Promise<{ readonly content?: unknown }> =>
  file === undefined ? {} : { content: await readJson(file, 'bad_request') };

/** One matter, in lines. */
export function sayMatter({ say, language }: Pick<Invocation, 'say' | 'language'>, matter: MatterOfSharing): void {
  const zh = language === 'zh';
  say(`${matter.id} ${matter.machine}`);
  for (const { part, state, clocks } of matter.parts) {
    say(`  ${part === '' ? '' : `${part}: `}${state}`);
    for (const { clock, due, left, stoppedAt } of clocks)
      if (stoppedAt === undefined)
        say(
          zh
            ? `    期限 ${clock}：${due}，余 ${String(left)} 个工作日`
            : `    ${clock} by ${due}, ${String(left)} working days left`,
        );
  }
  for (const { act, party, parts, requires, clock } of matter.acts) {
    const needs = requires.length === 0 ? '' : zh ? `，须填 ${requires.join('、')}` : `, needs ${requires.join(', ')}`;
    const of = [...(clock === undefined ? [] : [clock]), ...parts.filter((part) => part !== '')].join(' ');
    say(zh ? `  可以：${act}（${party}）${of}${needs}` : `  may: ${act} (${party}) ${of}${needs}`);
  }
}

/**
 * What a command asks of a gateway; a refusal is said in its own words, with what may be done.
 * @returns 1 where the gateway refuses
 */
export async function asking(call: Invocation, work: (gateway: Client) => Promise<void>): Promise<0 | 1> {
  const client = text(call.values['as']);
  if (client === undefined) throw new WrongUsage('say with `--as` for which client of your department');
  const gateway = await gatewayAs(client, call.values);
  try {
    await work(gateway);
    return 0;
  } catch (error) {
    const isRefusal = isYitongError(error) && error.code === 'act_refused';
    if (!(error instanceof GatewayError) && !isRefusal) throw error;
    call.json(error instanceof GatewayError ? error.problem : { code: error.code, title: error.message });
    call.say(`${error.code}: ${error.message}`);
    return 1;
  } finally {
    gateway.close();
  }
}

/** `name=value` → by name. */
export function fieldsIn(given: readonly string[]): { readonly fields?: Readonly<Record<string, string>> } {
  if (given.length === 0) return {};
  return present({
    fields: Object.fromEntries(
      given.map((one) => {
        const at = one.indexOf('=');
        if (at < 1) throw new WrongUsage('`--field` is `name=words`');
        return [one.slice(0, at), one.slice(at + 1)];
      }),
    ),
  });
}

/** Who stands in for whom, in lines. */
export function sayDeputies(
  { say, language }: Pick<Invocation, 'say' | 'language'>,
  { deputies }: DeputiesAnswer,
): void {
  const zh = language === 'zh';
  for (const { id, role, of, deputy, from, until, inForce, endedAt } of deputies) {
    const stands = inForce
      ? zh
        ? '代行中'
        : 'in force'
      : endedAt !== undefined
        ? zh
          ? '已收回'
          : 'taken back'
        : '–';
    say(
      zh
        ? `${id} ${deputy}代${of}（${role}）${from} 至 ${until} ${stands}`
        : `${id} ${deputy} for ${of} (${role}) ${from} to ${until} ${stands}`,
    );
  }
  if (deputies.length === 0) say(zh ? '没有代行安排' : 'none');
}

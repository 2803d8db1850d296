/** What does not work as it should, in plain words, and who can mend it. */
import type { GatewayContext } from '../../../documents/context.js';
import type { Person, Role } from '../../../ground/identity/person.js';
import { type Room, roomsOf, type Trouble } from '../../people/rooms.js';
import { staleOf } from '../../people/stale.js';

/** Who looks after the whole. */
const WHOLE: readonly Role[] = ['auditor', 'sharing-authority'];
const OPERATORS = { zh: '运行维护人员', en: 'the operators' };
/** ms: the page does not wait longer for what the supervisor says. */
const PATIENCE = 400;

interface Ready {
  readonly reasons?: readonly string[];
  readonly warnings?: readonly string[];
}

/** What begins so, in plain words; whatever else is said is counted. */
const KNOWN: readonly (readonly [RegExp, Trouble['what']])[] = [
  [
    /^the bus is away|: the bus is away/,
    { zh: '数据总线无应答，暂收不到新数据', en: 'the bus is away: nothing new is seen' },
  ],
  [/log is not published/, { zh: '审计日志暂未公布新的检查点', en: 'the log is not published' }],
  [/not taken into the log/, { zh: '审计条目未能汇入日志', en: 'entries are not taken into the log' }],
  [/state does not answer/, { zh: '共享状态库无应答', en: 'the state does not answer' }],
  [/nearly full|is full/, { zh: '存储空间将满', en: 'a store is nearly full' }],
  [/revocation list/, { zh: '证书吊销列表需要更新', en: 'a revocation list is to be renewed' }],
  [/certificate ends/, { zh: '证书即将到期', en: 'a certificate is about to end' }],
  [/^the task `/, { zh: '一项后台任务未按时推进', en: 'a background task does not come forward' }],
  [/policies on disk/, { zh: '磁盘上的策略无法载入，沿用原策略', en: 'policies on disk do not load' }],
  [/erasure waits/, { zh: '抹除尚未在各节点执行完毕', en: 'an erasure waits for a replica' }],
  [/is rebuilding/, { zh: '数据视图正在重建', en: 'the view is being rebuilt' }],
];

async function readiness({ settings: { gateway } }: Pick<GatewayContext, 'settings'>): Promise<readonly Trouble[]> {
  const { healthHost, healthPort } = gateway;
  if (healthPort === 0) return [];
  const host = healthHost.includes(':') ? `[${healthHost}]` : healthHost;
  let said: Ready;
  try {
    const answer = await fetch(`http://${host}:${String(healthPort)}/health/ready`, {
      signal: AbortSignal.timeout(PATIENCE),
    });
    said = (await answer.json()) as Ready;
  } catch {
    return [];
  }
  const lines = [...(said.reasons ?? []), ...(said.warnings ?? [])];
  const whats = lines.map(
    (line) =>
      KNOWN.find(([begins]) => begins.test(line))?.[1] ?? {
        zh: '系统有一项运行提示，详见运行日志',
        en: line.replace(/:.*$/, ''),
      },
  );
  return [...new Map(whats.map((what) => [what.zh, what])).values()].map((what) => ({ what, mends: OPERATORS }));
}

/** @throws what a room throws */
export async function wrongFor(
  context: GatewayContext,
  rooms: readonly Room[],
  person: Person,
): Promise<readonly Trouble[]> {
  const found: Trouble[] = [];
  const whole = person.roles.some((role) => WHOLE.includes(role));
  if (whole) {
    found.push(...(await readiness(context)));
    if (context.state?.health().answers === false)
      found.push({ what: { zh: '共享状态库无应答', en: 'the state does not answer' }, mends: OPERATORS });
  }
  for (const room of roomsOf(rooms, person)) found.push(...((await room.wrong?.(person)) ?? []));
  // there may be many, which would hide all else
  if (whole) found.push(...staleOf(context, context.workspace.contracts.values()));
  return [...new Map(found.map((one) => [one.what.zh, one])).values()];
}

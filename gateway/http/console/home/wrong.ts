/** What does not work as it should, in plain words, and who can mend it. */
import type { GatewayContext } from '../../../documents/context.js';
import type { Person, Role } from '../../../ground/identity/person.js';
import { explained, OPERATORS } from '../../../ground/language/readiness.js';
import { type Room, roomsOf, type Trouble } from '../../people/rooms.js';
import { staleOf } from '../../people/stale.js';

/** Who looks after the whole. */
const WHOLE: readonly Role[] = ['auditor', 'sharing-authority'];
/** ms: the page does not wait longer for what the supervisor says. */
const PATIENCE = 400;

interface Ready {
  readonly reasons?: readonly string[];
  readonly warnings?: readonly string[];
}

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
  const troubles = [...(said.reasons ?? []), ...(said.warnings ?? [])].map((line): Trouble => {
    const known = explained(line);
    return known === undefined
      ? { what: { zh: '系统有一项运行提示，详见运行日志', en: line.replace(/:.*$/, '') }, mends: OPERATORS }
      : { what: known.what, mends: known.who };
  });
  return [...new Map(troubles.map((one) => [one.what.zh, one])).values()];
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

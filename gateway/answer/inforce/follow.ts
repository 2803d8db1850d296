/**
 * Follows the declared content of `policies/` and the revocation lists while a worker runs. Every second it looks
 * whether a file has changed; once they have been still for a moment, all of it is loaded and put in force as a whole.
 * What does not load changes nothing, except that what was taken away (`policies/withdraw.ts`) and newer revocation
 * lists hold at once. What the sharing authority suspended is looked at each second as well.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadPolicies } from '../../../policies/load.js';
import type { PolicySet } from '../../../policies/types.js';
import { readWithdrawals, withdrawnFrom } from '../../../policies/withdraw.js';
import type { TrustAnchor } from '../../ground/identity/anchors.js';
import { wordsOf } from '../../ground/logging/words.js';
import { anchorsOf, declaredAnchors } from './anchors.js';
import { type ExpiryParts, nobodyLetIn, watchExpiry } from './expiry.js';
import { fingerprint } from './fingerprint.js';
import { type Looks, looks } from './looks.js';
import { changes, type InForce, inForceOf } from './snapshot.js';
import { readSuspensions, type Suspensions, suspendedIn } from './suspensions.js';

export interface FollowOptions {
  readonly workspace: Workspace;
  /** The development CA's folder; undefined in production. */
  readonly developmentPki: string | undefined;
  /** Folder of the grants that the sharing authority has suspended. */
  readonly suspensions: string;
  /** ms since 1970 */
  readonly now: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, detail?: object) => void;
  /** What an operator should see; empty when all is well. Called when it changes. */
  readonly onWarnings?: (warnings: readonly string[]) => void;
  /** Why no request can be answered; empty when some can. Called when it changes. */
  readonly onReasons?: (reasons: readonly string[]) => void;
  /** What has just come into force. */
  readonly onChange?: (now: InForce, before: InForce) => void;
  /** An act for the audit log. */
  readonly onAct?: (act: Act) => void;
  readonly figures?: Figures;
}

export interface Act {
  readonly action: 'policies_in_force' | 'revocation_list_in_force';
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Figures {
  /** Whether what stands on disk is what is in force. */
  policiesStale(stale: boolean): void;
  crlSecondsLeft: ExpiryParts['tell'];
}

export interface Following extends Looks {
  /** What is in force now. */
  current(): InForce;
  /** One look; for tests, and for the timer of `start`. Whether the next should come soon. */
  look(): Promise<boolean>;
}

/**
 * Files that never come to rest are loaded as they are after this many ms, so that nobody keeps a revocation out by
 * writing on and on.
 */
const UNREST = 2000;

/** @throws YitongError whatever is wrong with policies or anchors: a worker does not start on them */
export async function followInForce(options: FollowOptions): Promise<Following> {
  const { workspace, developmentPki, now, log } = options;
  const folders = workspace.layers
    .map((layer) => join(layer, 'policies'))
    .map((path) => ({ path, needed: existsSync(path) }));
  const filesOf = (policies: PolicySet): string[] =>
    declaredAnchors(policies, developmentPki).flatMap(({ ca, crl }) => (crl === undefined ? [ca] : [ca, crl]));
  const words = (error: unknown): string => wordsOf(error, workspace.dir);

  const before = await fingerprint(folders, []);
  const first = await loadPolicies(workspace);
  const after = await fingerprint(folders, filesOf(first));
  let suspended: Suspensions = readSuspensions(options.suspensions);
  /** As declared, and without what was withdrawn; what is in force is this without what was suspended. */
  let declared = first;
  let current = inForceOf(suspendedIn(first, suspended), await anchorsOf(first, developmentPki), workspace);
  /**
   * What was loaded, as it was before it was read; empty: to be loaded at the next look, as for files that changed
   * meanwhile.
   */
  let loaded = after.startsWith(before) ? after : '';
  let seen: { readonly print: string; readonly since: number } | undefined;
  /** Why what stands on disk is not in force, and since when; and lists that were not taken. */
  let trouble: { readonly since: number; readonly why: string } | undefined;
  let problems: readonly string[] = [];
  /** Of the files of anchors, while the rest cannot be looked at. */
  let lists = '';
  let told = '';
  let reasoned = '';
  const expiry = watchExpiry({
    log,
    tell: (anchor, seconds, stage) => options.figures?.crlSecondsLeft(anchor, seconds, stage),
  });

  const failed = (why: string): void => {
    if (trouble?.why !== why) log('error', `policies on disk do not load, so those in force go on: ${why}`);
    trouble = { since: trouble?.since ?? now(), why };
  };
  const replace = (next: InForce, detail: Readonly<Record<string, unknown>>): void => {
    const before = current;
    current = next;
    options.onChange?.(next, before);
    if (next.policies.version !== before.policies.version) {
      const what = changes(before.policies, next.policies);
      log('info', 'policies in force', { version: next.policies.version, ...what, ...detail });
      options.onAct?.({
        action: 'policies_in_force',
        target: next.policies.version,
        detail: { before: before.policies.version, ...what, ...detail },
      });
    }
    for (const anchor of next.anchors)
      listActs(
        anchor,
        before.anchors.find(({ id }) => id === anchor.id),
      );
  };
  const listActs = ({ id, revocation }: TrustAnchor, before: TrustAnchor | undefined): void => {
    for (const [signer, list] of revocation?.held() ?? []) {
      const was = before?.revocation?.held().get(signer);
      if (was?.thisUpdate === list.thisUpdate && was.number === list.number && was.revoked.size === list.revoked.size)
        continue;
      const detail = {
        thisUpdate: new Date(list.thisUpdate).toISOString(),
        nextUpdate: new Date(list.nextUpdate).toISOString(),
        revoked: list.revoked.size,
        ...(list.number === undefined ? {} : { number: String(list.number) }),
      };
      log('info', 'revocation list in force', { anchor: id, ...detail });
      options.onAct?.({ action: 'revocation_list_in_force', target: id, detail });
    }
  };

  /** All of it, or nothing. */
  async function load(): Promise<void> {
    const found: string[] = [];
    try {
      const set = await loadPolicies(workspace);
      const anchors = await anchorsOf(set, developmentPki, current.anchors, (problem) => found.push(problem));
      declared = set;
      // what was withdrawn in the meantime has another version than the same files loaded whole
      replace(inForceOf(suspendedIn(declared, suspended), anchors, workspace, current), {});
      if (trouble !== undefined) log('info', 'policies on disk load again');
      trouble = undefined;
    } catch (error) {
      failed(words(error));
      await narrow(found);
    }
    say(found);
  }

  const say = (found: readonly string[]): void => {
    for (const problem of found) if (!problems.includes(problem)) log('error', problem);
    problems = found;
  };

  /** What may only become less: withdrawals, and revocation lists of the anchors in force. */
  async function narrow(found: string[]): Promise<void> {
    found.length = 0;
    const withdrawals = await readWithdrawals(declared, workspace);
    const anchors = await relisted(found);
    if (withdrawals !== undefined) declared = withdrawnFrom(declared, withdrawals);
    replace(inForceOf(suspendedIn(declared, suspended), anchors, workspace, current), { withdrawals: true });
  }

  async function relisted(found: string[]): Promise<readonly TrustAnchor[]> {
    try {
      return await anchorsOf(current.policies, developmentPki, current.anchors, (problem) => found.push(problem));
    } catch (error) {
      found.push(words(error));
      return current.anchors;
    }
  }

  /**
   * The policies cannot be looked at; lists may stand elsewhere. Not readable is not withdrawn: a volume that is away
   * for a moment must not suspend a city.
   */
  async function away(error: unknown): Promise<void> {
    failed(words(error));
    loaded = '';
    const print = await fingerprint([], filesOf(current.policies));
    if (print === lists) return;
    lists = print;
    const found: string[] = [];
    replace(inForceOf(current.policies, await relisted(found), workspace, current), {});
    say(found);
  }

  /** Why suspensions on disk are not what is in force; those that were go on. */
  let unread: string | undefined;
  /** Each version is there whole, so nothing is waited for; and it holds whatever is wrong with the rest. */
  function resuspend(): void {
    try {
      const found = readSuspensions(options.suspensions);
      // a folder that is gone, or older than it was, must not lift what was suspended
      if (found.number < suspended.number)
        throw new YitongError('bad_policy', 'the suspended grants are older than those in force, or gone');
      if (unread !== undefined) log('info', 'suspended grants can be read again');
      unread = undefined;
      if (found.number === suspended.number) return;
      suspended = found;
    } catch (error) {
      const why = words(error);
      if (unread !== why) log('error', `suspended grants cannot be read, so those that were suspended stay so: ${why}`);
      unread = why;
      return;
    }
    replace(inForceOf(suspendedIn(declared, suspended), current.anchors, workspace, current), { suspensions: true });
  }

  /** Changes often come one behind another: after a load, and while files are not still, the next look comes soon. */
  async function look(): Promise<boolean> {
    let soon = false;
    resuspend();
    let print: string | undefined;
    try {
      print = await fingerprint(folders, filesOf(current.policies));
    } catch (error) {
      await away(error);
    }
    if (print !== undefined && print !== loaded) {
      const last = seen;
      seen = { print, since: last?.since ?? now() };
      if (last?.print === print || now() - seen.since >= UNREST) {
        seen = undefined;
        loaded = print;
        await load();
      }
      soon = true;
    } else if (print !== undefined) seen = undefined;
    tellState();
    return soon;
  }

  function tellState(): void {
    const warnings = [
      ...(trouble === undefined
        ? []
        : [
            `policies on disk do not load since ${new Date(trouble.since).toISOString()}; those of before are ` +
              `in force, without what was withdrawn: ${trouble.why}`,
          ]),
      ...(unread === undefined
        ? []
        : [`suspended grants cannot be read; those that were suspended stay so: ${unread}`]),
      ...problems,
      ...expiry(current.anchors, now()),
    ];
    options.figures?.policiesStale(trouble !== undefined || unread !== undefined || problems.length > 0);
    const reasons = nobodyLetIn(current.anchors, now());
    if (reasons.join('\n') !== reasoned) options.onReasons?.(reasons);
    reasoned = reasons.join('\n');
    const text = warnings.join('\n');
    if (text === told) return;
    told = text;
    options.onWarnings?.(warnings);
  }

  tellState();
  options.onAct?.({ action: 'policies_in_force', target: first.version, detail: { start: true } });
  return {
    current: () => current,
    look,
    ...looks(look, (error) => log('error', `policies could not be looked at: ${words(error)}`)),
  };
}

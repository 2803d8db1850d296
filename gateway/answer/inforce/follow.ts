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
import type { PassedChecks } from '../../../policies/cedar.js';
import { loadPolicies } from '../../../policies/load.js';
import type { PolicySet } from '../../../policies/types.js';
import { readWithdrawals, withdrawnFrom } from '../../../policies/withdraw.js';
import type { TrustAnchor } from '../../ground/identity/anchors.js';
import { wordsOf } from '../../ground/logging/words.js';
import { anchorsOf, declaredAnchors } from './anchors.js';
import { type Applied, appliedTo, readApplied } from './applied-grants.js';
import { type ExpiryParts, nobodyLetIn, watchExpiry } from './expiry.js';
import { type Folder, fingerprint } from './fingerprint.js';
import { type Looks, looks } from './looks.js';
import { changes, type InForce, inForceOf } from './snapshot.js';
import { readSuspensions, type Suspensions, suspendedIn } from './suspensions.js';

interface FollowOptions {
  readonly workspace: Workspace;
  /** The development CA's folder; undefined in production. */
  readonly developmentPki: string | undefined;
  /** Folder of the grants that the sharing authority has suspended. */
  readonly suspensions: string;
  /** Folder of the grants that applications made; undefined: there are none. */
  readonly applied?: string;
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
  /** Checks of policies that need not be made again. */
  readonly passed?: PassedChecks;
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
  const { workspace, developmentPki } = options;
  const folders = workspace.layers
    .map((layer) => join(layer, 'policies'))
    .map((path) => ({ path, needed: existsSync(path) }));
  const before = await fingerprint(folders, []);
  const declared = await loadPolicies(workspace, options.passed);
  const after = await fingerprint(folders, anchorFiles(declared, developmentPki));
  const suspended = readSuspensions(options.suspensions);
  const applied = options.applied === undefined ? NOTHING_APPLIED : readApplied(options.applied);
  const { set } = appliedTo(declared, workspace, applied.grants);
  const anchors = await anchorsOf(declared, developmentPki);
  return new FollowedContent(options, {
    folders,
    declared,
    suspended,
    applied,
    inForce: inForceOf(suspendedIn(set, suspended), anchors, workspace),
    loaded: after.startsWith(before) ? after : '',
  });
}

interface AppliedCopy {
  readonly number: number;
  readonly grants: Applied;
}
const NOTHING_APPLIED: AppliedCopy = { number: 0, grants: new Map() };

/** What a worker starts with. */
interface Start {
  readonly folders: readonly Folder[];
  readonly declared: PolicySet;
  readonly suspended: Suspensions;
  readonly applied: AppliedCopy;
  readonly inForce: InForce;
  /** Fingerprint of what was loaded; empty: files changed meanwhile, so they are loaded at the next look. */
  readonly loaded: string;
}

class FollowedContent implements Following {
  readonly #options: FollowOptions;
  readonly #folders: readonly Folder[];
  readonly #looks: Looks;
  readonly #expiry: ReturnType<typeof watchExpiry>;
  /** As declared, and without what was withdrawn; what is in force is this without what was suspended. */
  #declared: PolicySet;
  #suspended: Suspensions;
  #applied: AppliedCopy;
  /** Grants of applications that are no grants of this workspace any more. */
  #refusedApplied: readonly string[] = [];
  #current: InForce;
  /** Fingerprint of what was loaded, as it was before it was read; empty: to be loaded at the next look. */
  #loaded: string;
  /** What was seen on disk and is not loaded so far: that of the last look, and since when it is not what is loaded. */
  #changing: { readonly print: string; readonly since: number } | undefined;
  /** Why what stands on disk is not in force, and since when. */
  #trouble: { readonly since: number; readonly why: string } | undefined;
  /** Revocation lists that were not taken. */
  #problems: readonly string[] = [];
  /** Why suspensions on disk are not what is in force; those that were go on. */
  #unreadSuspensions: string | undefined;
  /** Why grants of applications on disk are not what is in force; those that were go on. */
  #unreadApplied: string | undefined;
  /** Fingerprint of the files of anchors, while the rest cannot be looked at. */
  #lists = '';
  /** As they were reported last. */
  #warnings = '';
  #reasons = '';

  constructor(options: FollowOptions, { folders, declared, suspended, applied, inForce, loaded }: Start) {
    const { log, figures, onAct } = options;
    this.#options = options;
    this.#folders = folders;
    this.#declared = declared;
    this.#suspended = suspended;
    this.#applied = applied;
    this.#current = inForce;
    this.#loaded = loaded;
    this.#expiry = watchExpiry({
      log,
      tell: (anchor, seconds, stage) => figures?.crlSecondsLeft(anchor, seconds, stage),
    });
    this.#looks = looks(
      () => this.look(),
      (error) => log('error', `policies could not be looked at: ${this.#words(error)}`),
    );
    this.#report();
    onAct?.({ action: 'policies_in_force', target: declared.version, detail: { start: true } });
  }

  /** Bound, since it is handed on by itself. */
  readonly current = (): InForce => this.#current;

  start(interval?: number): void {
    this.#looks.start(interval);
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Changes often come one behind another: after a load, and while files are not still, the next look comes soon. */
  async look(): Promise<boolean> {
    this.#lookAtApplied();
    this.#lookAtSuspensions();
    const changing = await this.#lookAtFiles();
    this.#report();
    return changing;
  }

  /** Whether files differ from what is loaded, or did until now. */
  async #lookAtFiles(): Promise<boolean> {
    let print: string;
    try {
      print = await fingerprint(this.#folders, this.#anchorFiles());
    } catch (error) {
      await this.#withoutPolicies(error);
      return false;
    }
    if (print === this.#loaded) {
      this.#changing = undefined;
      return false;
    }
    const { now } = this.#options;
    const before = this.#changing;
    const since = before?.since ?? now();
    if (before?.print === print || now() - since >= UNREST) {
      this.#changing = undefined;
      this.#loaded = print;
      await this.#load();
    } else this.#changing = { print, since };
    return true;
  }

  /** All of it, or nothing. */
  async #load(): Promise<void> {
    const { workspace, developmentPki, log } = this.#options;
    const problems: string[] = [];
    try {
      const declared = await loadPolicies(workspace, this.#options.passed);
      const before = this.#current.anchors;
      const anchors = await anchorsOf(declared, developmentPki, before, (problem) => problems.push(problem));
      this.#declared = declared;
      // what was withdrawn in the meantime has another version than the same files loaded whole
      this.#putInForce(anchors, {});
      if (this.#trouble !== undefined) log('info', 'policies on disk load again');
      this.#trouble = undefined;
    } catch (error) {
      this.#failed(error);
      problems.length = 0;
      await this.#narrow(problems);
    }
    this.#setProblems(problems);
  }

  /** What may only become less: withdrawals, and revocation lists of the anchors in force. */
  async #narrow(problems: string[]): Promise<void> {
    const withdrawals = await readWithdrawals(this.#declared, this.#options.workspace);
    const anchors = await this.#anchorsWithNewLists(problems);
    if (withdrawals !== undefined) this.#declared = withdrawnFrom(this.#declared, withdrawals);
    this.#putInForce(anchors, { withdrawals: true });
  }

  /**
   * The policies cannot be looked at; lists may stand elsewhere. Not readable is not withdrawn: a volume that is away
   * for a moment must not suspend a city.
   */
  async #withoutPolicies(error: unknown): Promise<void> {
    this.#failed(error);
    this.#loaded = '';
    const print = await fingerprint([], this.#anchorFiles());
    if (print === this.#lists) return;
    this.#lists = print;
    const problems: string[] = [];
    const { policies } = this.#current;
    const anchors = await this.#anchorsWithNewLists(problems);
    this.#replace(inForceOf(policies, anchors, this.#options.workspace, this.#current), {});
    this.#setProblems(problems);
  }

  /** The anchors in force, with the lists that stand on disk now. */
  async #anchorsWithNewLists(problems: string[]): Promise<readonly TrustAnchor[]> {
    const { policies, anchors } = this.#current;
    try {
      return await anchorsOf(policies, this.#options.developmentPki, anchors, (problem) => problems.push(problem));
    } catch (error) {
      problems.push(this.#words(error));
      return this.#current.anchors;
    }
  }

  /** Each version is there whole, so nothing is waited for; and it holds whatever is wrong with the rest. */
  #lookAtSuspensions(): void {
    const { suspensions, log } = this.#options;
    try {
      const found = readSuspensions(suspensions);
      // a folder that is gone, or older than it was, must not lift what was suspended
      if (found.number < this.#suspended.number)
        throw new YitongError('bad_policy', 'the suspended grants are older than those in force, or gone');
      if (this.#unreadSuspensions !== undefined) log('info', 'suspended grants can be read again');
      this.#unreadSuspensions = undefined;
      if (found.number === this.#suspended.number) return;
      this.#suspended = found;
    } catch (error) {
      const why = this.#words(error);
      if (this.#unreadSuspensions !== why)
        log('error', `suspended grants cannot be read, so those that were suspended stay so: ${why}`);
      this.#unreadSuspensions = why;
      return;
    }
    this.#putInForce(this.#current.anchors, { suspensions: true });
  }

  /** As suspensions: each version is there whole. */
  #lookAtApplied(): void {
    const { applied: dir, log } = this.#options;
    if (dir === undefined) return;
    try {
      const found = readApplied(dir);
      // a folder that is gone, or older than it was, must not bring back what has ended
      if (found.number < this.#applied.number)
        throw new YitongError('bad_grant', 'the grants of applications are older than those in force, or gone');
      if (this.#unreadApplied !== undefined) log('info', 'grants of applications can be read again');
      this.#unreadApplied = undefined;
      if (found.number === this.#applied.number) return;
      this.#applied = found;
    } catch (error) {
      const why = this.#words(error);
      if (this.#unreadApplied !== why)
        log('error', `grants of applications cannot be read, so those in force stay so: ${why}`);
      this.#unreadApplied = why;
      return;
    }
    this.#putInForce(this.#current.anchors, { applications: true });
  }

  /** What is declared and what applications made, without what is suspended. */
  #putInForce(anchors: readonly TrustAnchor[], detail: Readonly<Record<string, unknown>>): void {
    const { set, refused } = appliedTo(this.#declared, this.#options.workspace, this.#applied.grants);
    const problems = refused.map(({ id, error }) => `the grant \`${id}\` of an application: ${this.#words(error)}`);
    for (const problem of problems)
      if (!this.#refusedApplied.includes(problem)) this.#options.log('error', `not in force: ${problem}`);
    this.#refusedApplied = problems;
    const policies = suspendedIn(set, this.#suspended);
    this.#replace(inForceOf(policies, anchors, this.#options.workspace, this.#current), detail);
  }

  #replace(next: InForce, detail: Readonly<Record<string, unknown>>): void {
    const before = this.#current;
    this.#current = next;
    this.#options.onChange?.(next, before);
    const { version } = next.policies;
    if (version !== before.policies.version) {
      const what = changes(before.policies, next.policies);
      this.#options.log('info', 'policies in force', { version, ...what, ...detail });
      this.#options.onAct?.({
        action: 'policies_in_force',
        target: version,
        detail: { before: before.policies.version, ...what, ...detail },
      });
    }
    for (const anchor of next.anchors)
      this.#reportLists(
        anchor,
        before.anchors.find(({ id }) => id === anchor.id),
      );
  }

  /** Each list of an anchor that is another than before. */
  #reportLists({ id, revocation }: TrustAnchor, before: TrustAnchor | undefined): void {
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
      this.#options.log('info', 'revocation list in force', { anchor: id, ...detail });
      this.#options.onAct?.({ action: 'revocation_list_in_force', target: id, detail });
    }
  }

  /** What stands on disk is not in force. */
  #failed(error: unknown): void {
    const why = this.#words(error);
    const { log, now } = this.#options;
    if (this.#trouble?.why !== why) log('error', `policies on disk do not load, so those in force go on: ${why}`);
    this.#trouble = { since: this.#trouble?.since ?? now(), why };
  }

  #setProblems(problems: readonly string[]): void {
    for (const problem of problems) if (!this.#problems.includes(problem)) this.#options.log('error', problem);
    this.#problems = problems;
  }

  /** Figures at each look; warnings and reasons when they change. */
  #report(): void {
    const { now, figures, onReasons, onWarnings } = this.#options;
    const warnings = this.#warningsNow();
    figures?.policiesStale(
      this.#trouble !== undefined ||
        this.#unreadSuspensions !== undefined ||
        this.#unreadApplied !== undefined ||
        this.#problems.length > 0,
    );
    const reasons = nobodyLetIn(this.#current.anchors, now());
    if (reasons.join('\n') !== this.#reasons) onReasons?.(reasons);
    this.#reasons = reasons.join('\n');
    const text = warnings.join('\n');
    if (text === this.#warnings) return;
    this.#warnings = text;
    onWarnings?.(warnings);
  }

  #warningsNow(): readonly string[] {
    const warnings: string[] = [];
    if (this.#trouble !== undefined)
      warnings.push(
        `policies on disk do not load since ${new Date(this.#trouble.since).toISOString()}; those of before are ` +
          `in force, without what was withdrawn: ${this.#trouble.why}`,
      );
    if (this.#unreadSuspensions !== undefined)
      warnings.push(`suspended grants cannot be read; those that were suspended stay so: ${this.#unreadSuspensions}`);
    if (this.#unreadApplied !== undefined)
      warnings.push(`grants of applications cannot be read; those in force stay so: ${this.#unreadApplied}`);
    for (const problem of this.#refusedApplied) warnings.push(`not in force: ${problem}`);
    return [...warnings, ...this.#problems, ...this.#expiry(this.#current.anchors, this.#options.now())];
  }

  #anchorFiles(): string[] {
    return anchorFiles(this.#current.policies, this.#options.developmentPki);
  }

  #words(error: unknown): string {
    return wordsOf(error, this.#options.workspace.dir);
  }
}

function anchorFiles(policies: PolicySet, developmentPki: string | undefined): string[] {
  return declaredAnchors(policies, developmentPki).flatMap(({ ca, crl }) => (crl === undefined ? [ca] : [ca, crl]));
}

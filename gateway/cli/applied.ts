/** Policies as they are in force on a data folder: with the grants that applications made, as far as it knows. */
import type { YitongError } from '../../contracts/errors.js';
import type { Workspace } from '../../contracts/types.js';
import type { PolicySet } from '../../policies/types.js';
import { appliedDir, appliedTo, readApplied } from '../answer/inforce/applied-grants.js';
import { readSuspensions, suspendedIn, suspensionsDir } from '../answer/inforce/suspensions.js';

interface WithApplications {
  readonly set: PolicySet;
  /** How many of the grants applications made. */
  readonly applied: number;
  readonly refused: readonly { readonly id: string; readonly error: YitongError }[];
}

/** @throws YitongError `bad_grant`, `bad_policy` where what the folder keeps cannot be read */
export function withApplications(declared: PolicySet, workspace: Workspace, data: string): WithApplications {
  const { set, refused } = appliedTo(declared, workspace, readApplied(appliedDir(data)).grants);
  return {
    set: suspendedIn(set, readSuspensions(suspensionsDir(data))),
    applied: set.grants.size - declared.grants.size,
    refused,
  };
}

/**
 * What lifecycles of matters may name that no declaration can say: roles of people, conditions, effects and contents.
 * The program has each of them (`gateway/procedures/sharing/machines`); a lifecycle that names another is refused.
 */

/** Roles of people: of whom a system may say that they acted. */
export const OFFICER_ROLES = [
  'sharing-officer',
  'sharing-head',
  'department-head',
  'sharing-authority',
  'superior-authority',
  'government',
] as const;

/** Those, and the platform itself. */
export const MATTER_ROLES = [...OFFICER_ROLES, 'platform'] as const;

/** What an act waits for. */
export const GUARDS = [
  'complete',
  'sharable',
  'reply-agrees',
  'reply-refuses',
  'standing-consent',
  'answerable',
  'resumable',
  'all-heard',
  'same-level',
  'across-levels',
  'lead-is-part',
  'grant-over',
  'no-grants',
] as const;
export type GuardName = (typeof GUARDS)[number];

/** What comes of an act beside the matter, in the same commit. */
export const EFFECTS = [
  'grant',
  'end-grant',
  'suspend',
  'terminate',
  'end-use',
  'flow-back',
  'end-flow',
  'widen',
  'change-service',
  'tell-receivers',
  'sign',
] as const;
export type EffectName = (typeof EFFECTS)[number];

/** What an act brings beside words. */
export const CONTENTS = [
  'application',
  'reply',
  'of-grant',
  'of-element',
  'of-record',
  'of-entry',
  'of-widening',
  'of-service',
  'of-area',
  'of-dispute',
  'of-order',
  'of-period',
] as const;
export type ContentName = (typeof CONTENTS)[number];

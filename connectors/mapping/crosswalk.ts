/** The step `crosswalk`: an identifier of old becomes the key of the subject that a crosswalk dataset ties it to. */
import { YitongError } from '../../contracts/errors.js';
import type { Workspace } from '../../contracts/types.js';
import type { Expression, Mapping, Step } from '../feed.js';

export interface CrosswalkLink {
  /** `samr.legacy-numbers` */
  readonly dataset: string;
  /** The field of that dataset which holds the identifier. */
  readonly from: string;
}

export type FindSubject = (
  legacy: string,
) => { readonly kind: 'one'; readonly subject: string } | { readonly kind: 'none' } | { readonly kind: 'several' };

/** Of mappings that are only looked at. */
export const NO_CROSSWALK = (): FindSubject => () => ({ kind: 'none' });

function ofSteps(steps: readonly Step[] | undefined, found: CrosswalkLink[]): void {
  for (const step of steps ?? []) {
    if (typeof step !== 'object') continue;
    if ('crosswalk' in step) found.push(step.crosswalk);
    else if ('split' in step) ofSteps(step.each, found);
  }
}

function ofExpression(expression: Expression, found: CrosswalkLink[]): void {
  if ('from' in expression) ofSteps(expression.steps, found);
  else if ('rows' in expression) for (const inner of Object.values(expression.rows.fields)) ofExpression(inner, found);
  else if ('concat' in expression) {
    ofSteps(expression.steps, found);
    for (const part of expression.concat) if (!('text' in part)) ofExpression(part, found);
  } else if ('case' in expression) {
    for (const { use } of expression.case) ofExpression(use, found);
    if (expression.else !== undefined) ofExpression(expression.else, found);
  }
}

/** Each once. */
export function crosswalksOf(mapping: Mapping): readonly CrosswalkLink[] {
  const found: CrosswalkLink[] = [];
  for (const expression of Object.values(mapping.fields)) ofExpression(expression, found);
  return [...new Map(found.map((link) => [`${link.dataset} ${link.from}`, link])).values()];
}

/**
 * @throws YitongError `bad_feed` if a crosswalk is no dataset of the workspace, is the feed's own, or lacks the field
 */
export function checkCrosswalks(
  mapping: Mapping,
  dataset: string,
  workspace: Pick<Workspace, 'contracts'>,
  file: string,
): void {
  const contracts = new Map([...workspace.contracts].map(([id, contract]) => [String(id), contract]));
  for (const link of crosswalksOf(mapping)) {
    const contract = contracts.get(link.dataset);
    const refuse = (what: string): never => {
      throw new YitongError('bad_feed', what, { place: { file } });
    };
    if (contract === undefined || link.dataset === dataset)
      refuse(`a crosswalk must be another dataset of the workspace; \`${link.dataset}\` is none`);
    const field = contract?.latest.fields.find(({ path }) => path === link.from);
    if (field?.type !== 'string') refuse(`the crosswalk \`${link.dataset}\` has no text field \`${link.from}\``);
  }
}

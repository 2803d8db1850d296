/** Steps of cases as they stand on the topics of their authorities. Pure. */
import { caseStepsTopic } from '../../../connectors/bus/port.js';
import { encodeStep } from '../../../contracts/case-topics.js';
import { recordKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { CaseStep } from './steps.js';

/** The event that a step comes of. */
interface StepEvent {
  readonly case: string;
  readonly bundle: string;
  /** From 1. */
  readonly number: number;
  /** ms since 1970 */
  readonly at: number;
  /** Which of the event's steps it is, from 0. */
  readonly index: number;
  /** The last day of the term that runs now. */
  readonly due?: string;
  /** A JWK as JSON text: what an act on the case says is sealed to it. */
  readonly answerKey: string;
}

/** A message that goes to the bus with the commit in which it stands. */
export interface StepMessage {
  readonly do: 'send';
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}
export type PublishStep = (step: CaseStep, event: StepEvent) => StepMessage | undefined;

/** @param prefix of the workspace's topics @param authorities that are told over the bus; others are not */
export function publishSteps(prefix: string, authorities: readonly string[]): PublishStep | undefined {
  if (authorities.length === 0) return undefined;
  return ({ to, act, item, task, status, authority }, event) => {
    if (!authorities.includes(to)) return undefined;
    const within = `${String(event.number)}.${String(event.index)}`;
    const record = {
      id: `${event.case}.${within}`,
      case: event.case,
      bundle: event.bundle,
      event: event.number,
      at: new Date(event.at).toISOString(),
      act,
      ...present({ item, task, due: event.due }),
      status,
      authority,
      answerKey: event.answerKey,
    };
    return {
      do: 'send',
      topic: caseStepsTopic(prefix, to),
      key: recordKey(event.case, within),
      value: encodeStep(record).toString('base64'),
    };
  };
}

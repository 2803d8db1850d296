/**
 * What of a case happens elsewhere: who somebody is, signing, paying, posting, booking, collecting. Each behind a port
 * of its own; whoever runs the gateway brings a driver. A step without a driver is refused.
 */
import { createHash } from 'node:crypto';
import type { Applicant, Elements, Json, StepPort } from '../../../contracts/bundle/types.js';

interface StepOrder {
  /** The same for the same step of the same case, so that it happens once, however often it is asked for. */
  readonly reference: string;
  /** Who applies. */
  readonly subject: string;
  readonly applicant: Applicant;
}

interface StepDone {
  /** Under which the other side knows it. */
  readonly receipt: string;
  /** Of `identity`: elements that the account says. */
  readonly account?: Readonly<Record<string, Json>>;
}

interface StepDriver {
  /** Done once for each reference; asked again with it, the same is said. @throws YitongError where it is not done */
  carryOut(order: StepOrder): Promise<StepDone>;
}
export type StepDrivers = Readonly<Partial<Record<StepPort, StepDriver>>>;

const PORTS: readonly StepPort[] = ['identity', 'signature', 'payment', 'post', 'appointment', 'video', 'collect'];

/** For trying out: all succeeds, and whoever applies is the example of the elements. Never for real people. */
export function developmentDrivers({ elements }: Elements): StepDrivers {
  return Object.fromEntries(
    PORTS.map((port): [StepPort, StepDriver] => [
      port,
      {
        carryOut({ reference, applicant }) {
          const receipt = `${port}-${createHash('sha256').update(reference).digest('hex').slice(0, 16)}`;
          if (port !== 'identity') return Promise.resolve({ receipt });
          const said = [...elements.values()].filter(({ identity }) => identity.includes(applicant));
          const account = Object.fromEntries(
            said.flatMap(({ id, examples: [example] }) => (example === undefined ? [] : [[id, example]])),
          );
          return Promise.resolve({ receipt, account: account as Readonly<Record<string, Json>> });
        },
      },
    ]),
  );
}

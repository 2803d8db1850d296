/** Plans of the routes that answer about subjects: each of its way of delivery, all closing the same records. */
import type { Delivery } from '../../../contracts/types.js';
import { Plans } from '../../answer/question/plan.js';
import type { GatewayContext } from '../../documents/context.js';

export const plansFor = ({ workspace, inForce, tickets, now }: GatewayContext, delivery: Delivery): Plans =>
  new Plans({
    workspace,
    inForce,
    delivery,
    closing: { hidden: (record) => tickets.effects.hidden(record), now },
  });

/** The sandbox of a port: of what is in force, and given nothing of what the installation holds. */
import { Sandbox } from '../../answer/sandbox/sandbox.js';
import type { GatewayContext } from '../../documents/context.js';

export const sandboxOf = ({ workspace, inForce, now, settings }: GatewayContext): Sandbox =>
  new Sandbox({
    workspace,
    inForce,
    now,
    origin: settings.audit.origin,
    maxRecords: settings.gateway.maxRecords,
  });

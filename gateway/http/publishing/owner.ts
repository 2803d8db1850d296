/** Who may handle a dataset as its own: clients of the authority that publishes it, and nobody else. */
import { YitongError } from '../../../contracts/errors.js';
import type { Contract } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import type { GatewayContext } from '../../documents/context.js';

/** @throws YitongError `not_publisher`, for another authority's dataset and for one that does not exist alike */
export function ownDataset(
  { workspace }: Pick<GatewayContext, 'workspace'>,
  id: string,
  { authority }: Client,
): Contract {
  const contract = [...workspace.contracts.values()].find((one) => one.id === id);
  if (contract === undefined || contract.authority !== authority)
    throw new YitongError('not_publisher', 'a dataset is published by its own authority only');
  return contract;
}

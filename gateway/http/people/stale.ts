/** Datasets that did not come within the frequency that their contract declares, and whose it is to mend that. */
import { dataOfficerOf } from '../../../contracts/authorities.js';
import type { Contract } from '../../../contracts/types.js';
import { statusOf } from '../../answer/question/status.js';
import type { GatewayContext } from '../../documents/context.js';
import type { Trouble } from './rooms.js';

export function staleOf(
  { workspace, view, now }: Pick<GatewayContext, 'workspace' | 'view' | 'now'>,
  contracts: Iterable<Contract>,
): readonly Trouble[] {
  const found: Trouble[] = [];
  for (const contract of contracts) {
    const { status } = statusOf(contract, view.datasetState(contract.id), now());
    if (status === 'current') continue;
    const { zh, en } = contract.name;
    const what =
      status === 'stale'
        ? { zh: `${zh}未按约定频率更新`, en: `${en} is behind its declared frequency` }
        : status === 'never-loaded'
          ? { zh: `${zh}尚未接入`, en: `${en} was never loaded` }
          : { zh: `${zh}暂不可读`, en: `${en} cannot be read now` };
    found.push({
      what,
      mends: dataOfficerOf(workspace, contract.authority),
      href: `/console/datasets/${contract.id}`,
    });
  }
  return found;
}

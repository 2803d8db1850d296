/** The figures that README.md says of the city of this repository and of the chart. */
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { rules } from '../../operate/metrics/rules.js';

/** The page with the figures of now. */
export async function readmeFigures(page: string): Promise<string> {
  const { authorities, contracts } = await loadWorkspace(packageRoot());
  const alerts = rules().filter(({ kind }) => kind === 'alert').length;
  return page
    .replace(
      /\d+ authorities, \d+ registers/,
      `${String(authorities.size)} authorities, ${String(contracts.size)} registers`,
    )
    .replace(/\d+ alert rules/, `${String(alerts)} alert rules`);
}

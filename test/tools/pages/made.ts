/**
 * All that is made from declarations: pages of docs/ or parts of them, figures of README.md, and what two programs read.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { bundlesParts } from './bundles.js';
import { clientRoutes } from './client.js';
import { eventsParts } from './events.js';
import { mappingParts } from './mapping.js';
import { filled } from './marks.js';
import { metricsParts } from './metrics.js';
import { readmeFigures } from './readme.js';
import { routePages, routesParts } from './routes.js';

const main = new URL('../../../gateway/cli/main.js', import.meta.url).pathname;
const told = (command: string): string =>
  execFileSync(process.execPath, [main, command, '--markdown'], { encoding: 'utf8' });
const page = (name: string): string => readFileSync(join(packageRoot(), name), 'utf8');

interface Chart {
  valuesSchema(): Promise<string>;
}

/** By name relative to the root, each with a line feed at its end. */
export async function madePages(): Promise<ReadonlyMap<string, string>> {
  const chart = (await import(pathToFileURL(join(packageRoot(), 'helm/schema.mjs')).href)) as Chart;
  return new Map([
    ...routePages(),
    ['README.md', await readmeFigures(page('README.md'))],
    ['docs/api/README.md', filled(page('docs/api/README.md'), routesParts())],
    ['docs/audit-events.md', filled(page('docs/audit-events.md'), eventsParts())],
    ['docs/bundles.md', filled(page('docs/bundles.md'), await bundlesParts())],
    ['docs/configuration.md', told('config')],
    ['docs/errors.md', told('errors')],
    ['docs/mapping.md', filled(page('docs/mapping.md'), await mappingParts())],
    ['docs/metrics.md', filled(page('docs/metrics.md'), metricsParts())],
    ['gateway/client/routes.ts', clientRoutes()],
    ['helm/yitong/values.schema.json', await chart.valuesSchema()],
  ]);
}

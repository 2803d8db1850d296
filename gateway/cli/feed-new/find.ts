/** The source that was named, looked at as far as is needed to read it. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Answers } from '../../../connectors/propose/decision.js';
import { datasetName } from '../../../connectors/propose/names.js';
import type { Found } from '../../../connectors/propose/propose.js';
import { sniffFile } from '../../../connectors/propose/sniff.js';
import { findTable, parseAddress } from '../../../connectors/propose/table.js';
import type { Terms } from '../../../connectors/propose/terms.js';
import { loadCatalogues } from '../../../connectors/sql/catalogue.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';

/** Without links, which a feed does not follow; as it is where nothing is there. */
const real = async (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/** As a feed names it: relative to the workspace where it lies in it. */
async function feedPath(workspace: Workspace, path: string): Promise<string> {
  const full = await real(path);
  const below = relative(await real(workspace.dir), full);
  return below.startsWith('..') || isAbsolute(below) ? full : below;
}

/** Files, or a table where the first word is a database's address. @throws YitongError */
export async function findSource(
  given: readonly string[],
  answers: Answers,
  workspace: Workspace,
  terms: Terms,
  signal: AbortSignal,
): Promise<Found> {
  const [first = '', ...more] = given;
  const address = parseAddress(first, await loadCatalogues());
  if (address === undefined) {
    // never with what was given: it may hold a password
    if (first.includes('://'))
      throw new YitongError(
        'bad_config',
        'an address begins with postgres:// or mysql://; a JSON API is fed by the source kind `http` (docs/mapping.md)',
      );
    return findFiles(given, answers, workspace, terms);
  }
  if (more.length > 0) throw new YitongError('bad_config', 'one table at a time; say it with `--table`');
  const { password, server } = address;
  // for this process only: the feed names the variable, whoever runs it sets it
  if (password !== undefined && server.password !== undefined && 'env' in server.password)
    process.env[server.password.env] = password;
  return findTable(address, answers, workspace, signal);
}

/** Files of one form, which together are the register. @throws YitongError `bad_feed` */
async function findFiles(
  paths: readonly string[],
  answers: Answers,
  workspace: Workspace,
  terms: Terms,
): Promise<Found> {
  const [first] = paths;
  if (first === undefined) throw new YitongError('bad_feed', 'name a file; see `yitong feed new --help`');
  const { source, decisions } = await sniffFile(first, answers, { schemes: workspace.schemes, terms });
  const [only, ...more] = await Promise.all(paths.map((path) => feedPath(workspace, path)));
  const { kind, ...keys } = source;
  return {
    source: { kind, path: more.length === 0 ? only : [only, ...more], ...keys },
    schedule: 'PT1H',
    snapshot: true,
    roots: await Promise.all(paths.map(async (path) => dirname(await real(path)))),
    decisions,
    name: paths.map((path) => basename(path)).find((name) => datasetName(name, terms) !== undefined) ?? basename(first),
  };
}

import { relative } from 'node:path';
import { type BundleImpact, bundleImpact } from '../../../contracts/bundle/impact.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { calendarEnding, loadCalendars } from '../../../contracts/calendar.js';
import type { Finding } from '../../../contracts/compat.js';
import { contentFiles, readJson } from '../../../contracts/files.js';
import { type GrantFacts, type Impact, impact } from '../../../contracts/impact.js';
import { leftOut } from '../../../contracts/reports.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { grantFile } from '../../../policies/shapes.js';
import { findingsOf, readDeclared } from '../../answer/inforce/declared.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { servicesOf } from '../state.js';

async function readGrants(layers: readonly string[]): Promise<GrantFacts[]> {
  const files = await contentFiles(layers, 'policies/grants', '.json');
  return Promise.all(
    files.map(async ({ name, path }) => {
      const { client, dataset, fields } = grantFile(await readJson(path, 'bad_grant'), { file: path });
      return {
        id: name.slice(name.lastIndexOf('/') + 1, -'.json'.length),
        client,
        dataset,
        fields: fields.map((field) => (typeof field === 'string' ? field : field.path)),
      };
    }),
  );
}

function table(findings: readonly Finding[], dir: string): string[] {
  const width = Math.max(0, ...findings.map(({ dataset }) => dataset.length));
  return findings.flatMap(({ severity, dataset, code, message, place }) => [
    `${severity.padEnd(5)}  ${dataset.padEnd(width)}  ${message} [${code}]`,
    ...(place === undefined
      ? []
      : [`${' '.repeat(7 + width)}  ${relative(dir, place.file)}${place.line === undefined ? '' : `:${place.line}`}`]),
  ]);
}

const spoken = (impacts: readonly Impact[]): string[] =>
  impacts.flatMap(({ grant, client, dataset, effects }) => [
    `grant ${grant} of ${client} on ${dataset}`,
    ...effects.map(({ kind, message }) => `  ${kind.padEnd(7)}  ${message}`),
  ]);

const spokenBundles = (impacts: readonly BundleImpact[]): string[] =>
  impacts.flatMap(({ bundle, dataset, forms, facts, effects }) => [
    `bundle ${bundle}, by ${dataset}` +
      (forms.length === 0 ? '' : `: forms ${forms.join(', ')}`) +
      (facts.length === 0 ? '' : `: facts ${facts.join(', ')}`),
    ...effects.map(({ kind, message }) => `  ${kind.padEnd(7)}  ${message}`),
  ]);

/** What the change from `before` to `after` means for the bundles that were published. */
async function touchedBundles(before: Workspace, after: Workspace): Promise<readonly BundleImpact[]> {
  const { bundles, elements } = await loadBundles({ ...before, onRefused: () => undefined });
  return bundleImpact(bundles, elements, before.contracts, after.contracts);
}

/**
 * Contracts are complete, versions compatible, examples true, feeds fit; against an earlier workspace, what broke and
 * whom it touches.
 */
const command: Command = {
  summary: 'checks contracts, feeds and bundles: form, compatibility, examples, and whom a change touches',
  zh: '检查数据契约、数据源和“一件事”：格式、兼容性、示例，以及变更影响到谁',
  usage: '[--workspace D] [--against D] [--impact] [--data D]',
  wanting: 'where a contract, a feed, a report or a bundle has an error',
  examples: ['yitong contracts check', 'yitong contracts check --workspace city --against ../published/city --impact'],
  options: {
    workspace: workspaceOption,
    against: { type: 'string', describe: 'the workspace as it was published' },
    data: {
      type: 'string',
      describe:
        'data folder of the gateway: a change of what applications were granted has to be filed (with --against)',
    },
    impact: { type: 'boolean', describe: 'name the grants and bundles that the change touches (with --against)' },
  },
  async run(call) {
    const { against, data, impact: asked } = call.values;
    if (asked === true && against === undefined) {
      throw new WrongUsage('`--impact` compares two workspaces; say the earlier one with `--against D`');
    }
    if (data !== undefined && against === undefined)
      throw new WrongUsage(
        '`--data` says what is given under applications; say the earlier workspace with `--against D`',
      );
    const declared = await readDeclared(folders(call.values).workspace);
    const { workspace, lifecycles, reports, bundles, refused } = declared;
    const before =
      against === undefined ? undefined : await loadWorkspace(String(against), { allowUnregistered: true });
    const services = data === undefined ? undefined : await servicesOf(workspace.dir, String(data));
    const findings = [...(await findingsOf(declared, before, services))];
    for (const report of reports.values()) {
      for (const { dataset, domains } of leftOut(report, workspace.contracts)) {
        findings.push({
          severity: 'note',
          code: 'bad_report',
          dataset: `reports/${report.id}`,
          message: `leaves \`${dataset}\` out of ${domains.join(', ')}`,
          place: report.place,
        });
      }
    }
    for (const [name, calendar] of await loadCalendars(workspace.layers).catch(() => [])) {
      const ending = calendarEnding(name, calendar, Date.now());
      if (ending !== undefined)
        findings.push({ severity: 'note', code: 'outside_calendar', dataset: `calendar ${name}`, message: ending });
    }
    const touched =
      before !== undefined && asked === true ? impact(before, workspace, await readGrants(workspace.layers)) : [];
    const touchedForms = before !== undefined && asked === true ? await touchedBundles(before, workspace) : [];
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    for (const line of table(findings, workspace.dir)) call.say(line);
    if (asked === true) {
      call.say(
        touched.length === 0
          ? 'no grant is touched'
          : `${touched.length} grant${touched.length === 1 ? ' is' : 's are'} touched:`,
      );
      for (const line of [...spoken(touched), ...spokenBundles(touchedForms)]) call.say(line);
    }
    call.say(
      `${workspace.contracts.size + refused.size} ` +
        'contracts' +
        (lifecycles === 0 ? '' : `, ${lifecycles} lifecycles`) +
        (bundles.bundles.size === 0 ? '' : `, ${bundles.bundles.size} bundles`) +
        `: ${errors} error${errors === 1 ? '' : 's'}, ${findings.length - errors} note` +
        (findings.length - errors === 1 ? '' : 's'),
    );
    call.json({
      contracts: workspace.contracts.size + refused.size,
      lifecycles,
      errors,
      findings,
      ...(asked === true ? { impact: touched, bundles: touchedForms } : {}),
    });
    return errors > 0 ? 1 : 0;
  },
};
export default command;

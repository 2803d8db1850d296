/**
 * Definitions of reports: `contracts/reports/<report>/report.json`. A definition says which registers answer for which
 * domain, which facts of a record are told and in which order, and by which rule a record may be told at all. A folder
 * is enough: no report is named in code.
 */

import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { authorityNamed } from './authorities.js';
import { canonicalJson } from './canonical.js';
import { parseDuration } from './duration.js';
import { type Place, YitongError } from './errors.js';
import { contentFiles, readJson } from './files.js';
import { oncePer } from './once.js';
import { present } from './present.js';
import {
  type DomainDefinition,
  KIND_OF_CONTRACT,
  REPORT_KINDS,
  type RecordLayout,
  type RegisterDefinition,
  type ReportDataset,
  type ReportDefinition,
  type SealDefinition,
  type Shown,
  type TermRule,
} from './report-definition.js';
import { checkReportFile, NAME, type ReportFile, type TermInFile } from './report-file.js';
import type { Authority, Contract, FieldInfo, Workspace } from './types.js';

export type * from './report-definition.js';

const HIDDEN: Shown = { name: 'masked', subject: 'masked' };

type Ground = Pick<Workspace, 'layers' | 'contracts' | 'authorities' | 'codelists'>;
type Refuse = (what: string) => never;

const termOf = (file: TermInFile): TermRule => ('end' in file ? { basis: file.basis } : file);

/** A field that the dataset has, in its latest version. */
function fieldOf(contract: Contract, path: string, what: string, refuse: Refuse): FieldInfo {
  const found = contract.latest.fields.find((field) => field.path === path);
  if (found === undefined) return refuse(`${what} \`${path}\` is no field of \`${contract.id}\``);
  if (found.branch) return refuse(`${what} \`${path}\` of \`${contract.id}\` holds other fields; name one of those`);
  return found;
}

function layoutOf(
  id: string,
  file: ReportFile,
  contract: Contract,
  codelists: Workspace['codelists'],
  refuse: Refuse,
): RecordLayout {
  const layout = file.layouts[id];
  if (layout === undefined) return refuse(`\`datasets.${contract.id}\` names the unknown layout \`${id}\``);
  const ofKind = file.kinds[layout.kind];
  if (ofKind === undefined)
    return refuse(`the layout \`${id}\` is of the kind \`${layout.kind}\`, which \`kinds\` does not have`);
  if (contract.kind !== KIND_OF_CONTRACT[layout.kind])
    refuse(
      `\`${contract.id}\` holds records of the kind \`${contract.kind}\`, not \`${KIND_OF_CONTRACT[layout.kind]}\``,
    );
  const day = (path: string, what: string): string => {
    const { type } = fieldOf(contract, path, what, refuse);
    return type === 'date' ? path : refuse(`${what} \`${path}\` of \`${contract.id}\` is no date`);
  };
  const text = (path: string, what: string): string => {
    const { type } = fieldOf(contract, path, what, refuse);
    return type === 'string' || type === 'enum' ? path : refuse(`${what} \`${path}\` of \`${contract.id}\` is no text`);
  };
  const displayOf = ({
    tier,
    from,
  }: {
    readonly tier: string;
    readonly from: string;
  }): NonNullable<RecordLayout['display']> => {
    const { codelist } = fieldOf(contract, tier, '`display.tier`', refuse);
    const terms = codelist === undefined ? undefined : codelists.get(codelist)?.display;
    return terms === undefined
      ? refuse(`\`display.tier\` \`${tier}\` of \`${contract.id}\` has no code list of display tiers`)
      : { tier, from: day(from, '`display.from`'), terms };
  };
  if (layout.displayed === false && (layout.display !== undefined || layout.displayUntil !== undefined))
    refuse(`the layout \`${id}\` is never displayed, so its display has no end`);
  return {
    kind: layout.kind,
    ended: day(layout.ended, '`ended`'),
    term: termOf(layout.term ?? ofKind.term),
    ...(layout.domain === undefined ? {} : { domain: text(layout.domain, '`domain`') }),
    ...(layout.began === undefined ? {} : { began: day(layout.began, '`began`') }),
    ...(layout.repaired === undefined
      ? {}
      : { repaired: { ...layout.repaired, field: text(layout.repaired.field, '`repaired`') } }),
    excludes: (layout.excludes ?? []).map((rule) => {
      // a code that no record can have would make the rule one that leaves nothing out
      const { codelist } = fieldOf(contract, rule.field, '`excludes`', refuse);
      const codes = codelist === undefined ? undefined : codelists.get(codelist)?.codes;
      if (codes === undefined) return refuse(`\`excludes\` \`${rule.field}\` of \`${contract.id}\` has no code list`);
      const unknown = rule.values.find((value) => !codes.has(value));
      return unknown === undefined
        ? rule
        : refuse(`\`excludes\` names \`${unknown}\`, which is no code of \`${String(codelist)}\``);
    }),
    ...(layout.displayUntil === undefined ? {} : { displayUntil: day(layout.displayUntil, '`displayUntil`') }),
    ...(layout.display === undefined ? {} : { display: displayOf(layout.display) }),
    ...present({ displayed: layout.displayed }),
    facts: layout.facts.map((fact) => {
      const path = typeof fact === 'string' ? fact : fact.field;
      if (path.includes('[]')) refuse(`the fact \`${path}\` lies inside a list`);
      const field = fieldOf(contract, path, 'the fact', refuse);
      return { field, title: typeof fact === 'string' ? field.title : fact.title };
    }),
  };
}

function registerOf({ subjects }: ReportFile, contracts: Workspace['contracts'], refuse: Refuse): RegisterDefinition {
  const contract =
    contracts.get(subjects.dataset as Contract['id']) ??
    refuse(`\`subjects.dataset\` names the unknown dataset \`${subjects.dataset}\``);
  const fields = [fieldOf(contract, subjects.name, '`subjects.name`', refuse).path as string];
  const relations = subjects.relations ?? [];
  for (const relation of relations) {
    const list = contract.latest.fields.some(({ path }) => path === `${relation.in}[].${relation.subject}`);
    for (const part of [
      relation.subject,
      relation.name,
      ...(relation.share === undefined ? [] : [relation.share.field]),
    ]) {
      fields.push(
        fieldOf(contract, `${relation.in}${list ? '[]' : ''}.${part}`, `the relation \`${relation.relation}\``, refuse)
          .path,
      );
    }
  }
  return { contract, name: subjects.name, relations, fields: [...new Set(fields)] };
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const SEAL_BYTES = 524_288;

/** The picture beside the definition. */
async function sealOf(
  { seal }: ReportFile,
  place: Place & { readonly file: string },
): Promise<SealDefinition | undefined> {
  if (seal === undefined) return undefined;
  const refuse = (what: string): never => {
    throw new YitongError('bad_report', `\`seal.image\` \`${seal.image}\` ${what}`, { place });
  };
  const image = await readFile(join(dirname(place.file), seal.image)).catch(() =>
    refuse('does not stand beside the definition'),
  );
  if (image.length > SEAL_BYTES) refuse(`is larger than ${String(SEAL_BYTES)} bytes`);
  // IHDR: width, height, bits a channel, colour type (0 grey, 2 RGB), compression, filter, interlace
  if (
    image.length < 33 ||
    !image.subarray(0, 8).equals(PNG) ||
    image[24] !== 8 ||
    (image[25] !== 0 && image[25] !== 2) ||
    image[28] !== 0
  )
    refuse('is no PNG of 8 bits a channel, in grey or RGB, without transparency and not interlaced');
  return { image, words: seal.words };
}

function definitionOf(id: string, file: ReportFile, ground: Ground, place: Place): ReportDefinition {
  const refuse: Refuse = (what) => {
    throw new YitongError('bad_report', what, { place });
  };
  const unique = (what: string, values: readonly string[]): void => {
    const twice = values.find((value, at) => values.indexOf(value) !== at);
    if (twice !== undefined) refuse(`${what} \`${twice}\` stands twice`);
  };
  const authorityOf = (named: string): Authority =>
    authorityNamed(ground, named) ?? refuse(`\`issuer\` names the unknown authority \`${named}\``);
  const register = registerOf(file, ground.contracts, refuse);
  const { scheme } = register.contract.subject;
  const datasets = Object.entries(file.datasets).map(([dataset, layout]): ReportDataset => {
    const contract =
      ground.contracts.get(dataset as Contract['id']) ??
      refuse(`\`datasets\` names the unknown dataset \`${dataset}\``);
    if (contract.subject.scheme !== scheme)
      refuse(`\`${dataset}\` is keyed by \`${contract.subject.scheme}\`, the subjects of the report by \`${scheme}\``);
    return {
      contract,
      authority: authorityOf(contract.authority),
      layout: layoutOf(layout, file, contract, ground.codelists, refuse),
    };
  });
  unique(
    'the domain',
    file.domains.map((domain) => domain.id),
  );
  unique(
    'the value',
    file.domains.map((domain) => domain.value),
  );
  const domains = file.domains.map(
    (domain): DomainDefinition => ({
      ...domain,
      datasets: domain.datasets.map((dataset) => {
        const at = datasets.findIndex(({ contract }) => contract.id === dataset);
        if (at < 0) refuse(`the domain \`${domain.id}\` names \`${dataset}\`, which \`datasets\` does not have`);
        if (datasets[at]?.contract.domains.includes(domain.value) !== true)
          refuse(`\`${dataset}\` does not serve the domain \`${domain.value}\`, says its contract`);
        return at;
      }),
    }),
  );
  const idle = datasets.find((_, at) => !domains.some((domain) => domain.datasets.includes(at)));
  if (idle !== undefined) refuse(`no domain names the dataset \`${idle.contract.id}\``);
  return {
    id,
    digest: hash('sha256', canonicalJson(file), 'base64url'),
    title: file.title,
    issuer: authorityOf(file.issuer),
    client: file.client,
    purpose: file.purpose,
    scheme,
    purposes: new Map(Object.entries(file.purposes)),
    kinds: new Map(
      REPORT_KINDS.flatMap((one) => {
        const given = file.kinds[one];
        return given === undefined ? [] : [[one, { title: given.title, term: termOf(given.term) }] as const];
      }),
    ),
    domains,
    datasets,
    register,
    maxSubjects: file.subjects.most ?? 500,
    shown: file.verification ?? HIDDEN,
    retention: parseDuration(file.retention) ?? refuse('`retention` must be a duration such as `P1095D`'),
    notes: file.notes ?? [],
    place,
  };
}

/**
 * Every report of a workspace, by id; of two with one name the nearer layer's counts.
 * @param onRefused takes the refusal of one report, which is then left out, so that a check can tell all at once. Never
 * given where reports are issued.
 * @throws YitongError `bad_report`, with the file
 */
export async function loadReports(
  workspace: Ground,
  onRefused?: (report: string, error: YitongError) => void,
): Promise<ReadonlyMap<string, ReportDefinition>> {
  const reports = new Map<string, ReportDefinition>();
  for (const { name: file, path } of await contentFiles(workspace.layers, 'contracts/reports', '/report.json', 2)) {
    const id = file.slice(0, file.indexOf('/'));
    const place = { file: path };
    try {
      if (!new RegExp(NAME).test(id))
        throw new YitongError('bad_report', 'the folder of a report is named in lower-case words joined by hyphens', {
          place,
        });
      const checked = checkReportFile(await readJson(path, 'bad_report'), place);
      const seal = await sealOf(checked, place);
      reports.set(id, { ...definitionOf(id, checked, workspace, place), ...present({ seal }) });
    } catch (error) {
      if (onRefused === undefined || !(error instanceof YitongError)) throw error;
      onRefused(id, error);
    }
  }
  return reports;
}

/** The same of a workspace that is loaded, made once. */
export const reportsOf: (workspace: Ground) => Promise<ReadonlyMap<string, ReportDefinition>> = oncePer(
  (workspace: Ground) => loadReports(workspace),
);

/**
 * Registers that a report leaves out though they hold records of its kinds in one of its domains: for whoever reviews.
 */
export function leftOut(
  report: ReportDefinition,
  contracts: Workspace['contracts'],
): readonly { readonly dataset: Contract['id']; readonly domains: readonly string[] }[] {
  const kinds = new Set<string>([...report.kinds.keys()].map((one) => KIND_OF_CONTRACT[one]));
  return [...contracts.values()].flatMap((contract) => {
    if (!kinds.has(contract.kind) || contract.subject.scheme !== report.scheme) return [];
    const domains = report.domains.filter(
      ({ value, datasets }) =>
        contract.domains.includes(value) && !datasets.some((at) => report.datasets[at]?.contract.id === contract.id),
    );
    return domains.length === 0 ? [] : [{ dataset: contract.id, domains: domains.map(({ id }) => id) }];
  });
}

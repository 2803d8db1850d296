// What the product is made of: known vulnerabilities, the list of its parts (CycloneDX), their licences. Production
// packages only.
// node .ci/supply.mjs [--sbom FILE]     checks all; exit 0 fine, 1 found wanting, 2 could not run. The list is written
// to FILE (default dist/sbom.cdx.json)
//   node .ci/supply.mjs --licences        prints docs/licences.md
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packages } from '../.image.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const npm = (...args) => spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
/** `node_modules/a/node_modules/@b/c` → `@b/c` */
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * Licences that ask for no more than their text beside the program; the image keeps the licence file of each package,
 * or its readme where it has none.
 */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'OFL-1.1', 'Zlib']);
/** Packages whose package.json names none, with where it is said instead. */
const SAID_ELSEWHERE = {
  only: { version: '0.0.2', licence: 'MIT', where: 'its Readme.md' },
  'png-js': { version: '2.0.0', licence: 'MIT', where: 'its file LICENSE' },
};

/** Whether an SPDX expression (its operators AND and OR, without exceptions) can be kept by licences of the list. */
export function allowed(expression) {
  const words = expression.replace(/[()]/g, ' $& ').trim().split(/\s+/);
  let at = 0;
  const one = () => {
    const word = words[at++];
    if (word !== '(') return word !== undefined && ALLOWED.has(word);
    const inside = any();
    return words[at++] === ')' && inside;
  };
  const all = () => {
    let holds = one();
    for (; words[at] === 'AND'; ) {
      at++;
      holds = one() && holds;
    }
    return holds;
  };
  const any = () => {
    let holds = all();
    for (; words[at] === 'OR'; ) {
      at++;
      holds = all() || holds;
    }
    return holds;
  };
  return any() && at === words.length;
}

/**
 * Each production package once by name and version, on every platform, sorted: `{ name, version, licence, where? }`;
 * the licence is undefined where nothing says it.
 */
export function parts(lock = readJson('package-lock.json')) {
  const found = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.dev === true) continue;
    const name = nameOf(path);
    const elsewhere = SAID_ELSEWHERE[name];
    const said = entry.license === undefined && elsewhere?.version === entry.version ? elsewhere : undefined;
    found.set(`${name}@${entry.version}`, {
      name,
      version: entry.version,
      licence: entry.license ?? said?.licence,
      ...(said === undefined ? {} : { where: said.where }),
    });
  }
  return [...found.values()].sort((a, b) => byText(`${a.name}@${a.version}`, `${b.name}@${b.version}`));
}

/** docs/licences.md */
export function licencePage(of = parts()) {
  const groups = Map.groupBy === undefined ? new Map() : Map.groupBy(of, ({ licence }) => licence ?? 'unknown');
  if (groups.size === 0)
    for (const part of of)
      groups.set(part.licence ?? 'unknown', [...(groups.get(part.licence ?? 'unknown') ?? []), part]);
  const lines = [
    '# Licences of what the product contains',
    '',
    `Made by \`node .ci/supply.mjs --licences > docs/licences.md\`; a test holds it equal to the lock. ` +
      `${of.length} production packages, each with its licence file in the image, where it has one, else its ` +
      'readme.',
    `Allowed are ${[...ALLOWED].map((id) => `\`${id}\``).join(', ')}; of a choice, one of them is enough. ` +
      'Another licence fails CI. Why each direct one was chosen: [dependencies](dependencies.md); ' +
      'what the image holds: [image](image.md).',
    '',
    '| licence | packages |',
    '|---|---|',
    ...[...groups]
      .sort(([a], [b]) => byText(a, b))
      .map(([licence, list]) => `| ${licence} | ${list.map(inList).join(', ')} |`),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * The parts of the image on this machine's platform, as CycloneDX; the same lock gives the same bytes.
 * @throws Error with what npm said
 */
export function sbom() {
  // all, and then those of the image: with `--omit dev` npm leaves out what tools need as well (19 packages,
  // `pg-protocol` among them)
  const { status, stdout, stderr } = npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx');
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr.slice(0, 2000)}`);
  const {
    serialNumber: _number,
    metadata: { timestamp: _time, tools: _tools, component, ...metadata },
    components,
    dependencies,
    ...rest
  } = JSON.parse(stdout);
  const { name, version, dependencies: direct } = readJson('package.json');
  const self = `${name}@${version}`;
  const held = new Set(
    [...packages(readJson('package-lock.json'))].map(([path, entry]) => `${nameOf(path)}@${entry.version}`),
  );
  const inIt = ({ ref, 'bom-ref': own = ref }) => held.has(own) || own === self;
  const licences = new Map(parts().map((part) => [`${part.name}@${part.version}`, part.licence]));
  const bom = {
    ...rest,
    metadata: { ...metadata, component: { ...component, name } },
    components: components
      .filter(inIt)
      .map((one) => ({
        ...one,
        ...(one.licenses === undefined && licences.get(one['bom-ref']) !== undefined
          ? { licenses: [{ license: { id: licences.get(one['bom-ref']) } }] }
          : {}),
      }))
      .sort((a, b) => byText(a['bom-ref'], b['bom-ref'])),
    dependencies: dependencies
      .filter(inIt)
      .map(({ ref, dependsOn = [] }) => ({
        ref,
        dependsOn: dependsOn
          .filter((to) => held.has(to) && (ref !== self || direct[to.slice(0, to.lastIndexOf('@'))] !== undefined))
          .sort(byText),
      }))
      .sort((a, b) => byText(a.ref, b.ref)),
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

const GRAVE = new Set(['high', 'critical']);

/**
 * What `npm audit --json` answered, against the exceptions, on a day (YYYY-MM-DD).
 * @returns `{ checked: false, why }`, or `{ checked: true, wanting: string[], notes: string[] }`
 */
export function judgeAudit(text, exceptions, day) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { checked: false, why: 'npm audit answered no JSON' };
  }
  if (report.vulnerabilities === undefined || report.metadata?.vulnerabilities === undefined)
    return {
      checked: false,
      why: String(report.message ?? report.error?.summary ?? 'npm audit answered without a report').replace(
        /https?:\/\/\S+/g,
        'the registry',
      ),
    };
  const wanting = [];
  const notes = [];
  const used = new Set();
  for (const [name, { severity, via }] of Object.entries(report.vulnerabilities)) {
    // an advisory stands at the package that has it; others only depend on that one
    for (const advisory of via.filter((one) => typeof one === 'object')) {
      const id = advisory.url?.split('/').at(-1) ?? String(advisory.source);
      const weight = advisory.severity ?? severity;
      const exception = exceptions.find((one) => one.id === id && one.package === name);
      const what = `${name}: ${weight}, ${id}, ${advisory.title}`;
      if (exception !== undefined) used.add(exception);
      if (!GRAVE.has(weight)) notes.push(what);
      else if (exception === undefined) wanting.push(what);
      else if (exception.until < day) wanting.push(`${what}; its exception ended on ${exception.until}`);
      else notes.push(`${what}; excepted until ${exception.until}: ${exception.reason}`);
    }
  }
  for (const one of exceptions)
    if (!used.has(one)) notes.push(`the exception for ${one.id} of ${one.package} is not needed any more`);
  return { checked: true, wanting, notes };
}

/** `[{ id, package, reason, until }]` @throws Error where one is not whole */
export function exceptionsFrom(content) {
  for (const one of content) {
    const { id, package: name, reason, until, ...more } = one;
    if (
      ![id, name, reason].every((text) => typeof text === 'string' && text !== '') ||
      !/^\d{4}-\d{2}-\d{2}$/.test(until ?? '') ||
      Object.keys(more).length > 0
    )
      throw new Error(
        `an exception has \`id\`, \`package\`, \`reason\` and \`until\` (YYYY-MM-DD), and nothing else: ` +
          `${JSON.stringify(one)}`,
      );
  }
  return content;
}

function main() {
  const { values } = parseArgs({
    options: { sbom: { type: 'string', default: join(root, 'dist', 'sbom.cdx.json') }, licences: { type: 'boolean' } },
  });
  if (values.licences === true) {
    process.stdout.write(licencePage());
    return 0;
  }
  const wanting = [];
  const file = join(root, '.ci', 'audit-exceptions.json');
  const audit = judgeAudit(
    npm('audit', '--omit=dev', '--json').stdout,
    existsSync(file) ? exceptionsFrom(JSON.parse(readFileSync(file, 'utf8'))) : [],
    new Date().toISOString().slice(0, 10),
  );
  if (!audit.checked) console.log(`not checked: known vulnerabilities (${audit.why})`);
  else {
    for (const note of audit.notes) console.log(`note: ${note}`);
    wanting.push(...audit.wanting.map((one) => `vulnerable: ${one}`));
    if (audit.wanting.length === 0)
      console.log('checked: no vulnerability of high or more is known of the production packages');
  }
  const all = parts();
  for (const { name, version, licence } of all)
    if (licence === undefined || !allowed(licence))
      wanting.push(`licence: ${name} ${version} is under ${licence ?? 'none that it names'}`);
  const bom = sbom();
  mkdirSync(dirname(resolve(values.sbom)), { recursive: true });
  writeFileSync(values.sbom, bom);
  console.log(
    `checked: licences of ${all.length} production packages; ${JSON.parse(bom).components.length} parts of the ` +
      'image are listed',
  );
  for (const one of wanting) console.log(`wanting: ${one}`);
  return wanting.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
  }
}

function inList({ name, version, where }) {
  return `${name} ${version}${where === undefined ? '' : ` (by ${where})`}`;
}

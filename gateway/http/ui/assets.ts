/**
 * Style sheet, icon and scripts of the people's port. Served from memory below a folder that is named after what is in
 * it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../ground/files/places.js';

/** Where the compiled scripts are: those of pages, and what they share with the server. */
const SCRIPTS = ['./browser/', '../../ground/der/', '../../documents/signed/', '../../log/proof/pure/'];

/** Scripts, each served under its name without a folder; they name one another by it. */
export function scripts(): readonly { readonly name: string; readonly text: string }[] {
  const files = SCRIPTS.flatMap((path) => {
    const folder = new URL(path, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => ({ name, file: new URL(name, folder) }));
  });
  return files
    .map(({ name, file }) => ({
      name,
      text: readFileSync(file, 'utf8')
        .replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n')
        .replace(/(from ')\.[^']*\/([a-z-]+\.js';)/g, '$1./$2'),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" ' +
  'fill="#0b5d57"/><path d="M6 11h20M6 21h20" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/><circle ' +
  'cx="11" cy="11" r="3.4" fill="#0b5d57" stroke="#fff" stroke-width="2.2"/><circle cx="21" cy="21" r="3.4" ' +
  'fill="#ffb454" stroke="#fff" stroke-width="2.2"/></svg>';

/** Sheets that several pages share, in the order in which they count: a later one overrides an earlier one. */
const SHARED = [
  'base',
  'frame',
  'forms',
  'text',
  'cards',
  'tables',
  'charts',
  'timeline',
  'proof',
  'phone',
  'names',
  'sheet',
  'acts',
  'fill',
];

/**
 * The style sheet: what pages share, then the `style.css` of each page's own folder. Sheets are no program, so they are
 * read where the sources are, and shipped there.
 */
function stylesheet(): string {
  const http = join(packageRoot(), 'gateway', 'http');
  const pages = ['provider', ...readdirSync(join(http, 'console')).map((page) => join('console', page))]
    .map((folder) => join(http, folder, 'style.css'))
    .filter((file) => existsSync(file))
    .sort();
  const shared = (name: string): string => join(http, 'ui', 'style', `${name}.css`);
  // what is left out on paper is left out of every page
  return [...SHARED.map(shared), ...pages, shared('print')].map((file) => readFileSync(file, 'utf8')).join('');
}

interface Asset {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

let all: { readonly assets: readonly Asset[]; readonly folder: string } | undefined;

/**
 * All assets, and the folder below which they stand for ever: another build has another one.
 * `/assets/3f0a91c23f0a91c2/`
 */
export function assets(): NonNullable<typeof all> {
  if (all !== undefined) return all;
  const own: readonly Asset[] = [
    { name: 'yitong.css', type: 'text/css; charset=utf-8', text: stylesheet() },
    { name: 'icon.svg', type: 'image/svg+xml', text: icon },
    ...scripts().map(({ name, text }) => ({ name, type: 'text/javascript; charset=utf-8', text })),
  ];
  const hash = createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 16);
  return (all = { assets: own, folder: `/assets/${hash}/` });
}

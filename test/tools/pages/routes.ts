/** The pages of docs/api that stand as `page.md` in the folder of their route, and the table of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { table } from './marks.js';

interface RoutePage {
  /** Folder of the route. */
  readonly route: string;
  /** File in docs/api, without its ending. */
  readonly name: string;
  readonly order: number;
  /** What the table says, as Markdown. */
  readonly routes: string;
  readonly client: string;
  readonly text: string;
}

const API = join(packageRoot(), 'gateway/http/api');
/** What a page begins with: how the table of the API names it, and where it stands there. */
const HEAD = /^<!-- name: (\w+); order: (\d+); routes: (.+?); client: (.+?) -->\n\n/;

function pageOf(route: string): readonly RoutePage[] {
  const file = join(API, route, 'page.md');
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const [head, name = '', order = '', routes = '', client = ''] = HEAD.exec(text) ?? [];
  if (head === undefined)
    throw new Error(`gateway/http/api/${route}/page.md begins without its name, order and routes`);
  return [{ route, name, order: Number(order), routes, client, text: text.slice(head.length) }];
}

/** In the order of the table. */
const pages = (): readonly RoutePage[] =>
  readdirSync(API)
    .flatMap(pageOf)
    .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));

/** By name relative to the root. */
export function routePages(): ReadonlyMap<string, string> {
  const all = pages();
  const links = new Map(all.map(({ route, name }) => [`../${route}/page.md`, `${name}.md`]));
  return new Map(
    all.map(({ route, name, text }) => [
      `docs/api/${name}.md`,
      `${text
        .replaceAll(/(?<=\]\()\.\.\/[\w-]+\/page\.md/g, (link) => links.get(link) ?? link)
        .replaceAll('](../../../../docs/api/', '](')
        .replaceAll('](../../../../docs/', '](../')}
<!-- made from gateway/http/api/${route}/page.md -->
`,
    ]),
  );
}

export const routesParts = (): Readonly<Record<string, string>> => ({
  routes: table(
    ['page', 'routes', 'client'],
    pages().map(({ name, routes, client }) => [`[${name}](${name}.md)`, routes, client]),
  ),
});

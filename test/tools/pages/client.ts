/** The file `gateway/client/routes.ts`, from the routes that have a part of the client in their folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';

const API = 'gateway/http/api';
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** `my-route` → `myRoute` */
const joined = (route: string): string => route.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** TypeScript, with a line feed at its end, as the formatter writes it. */
export function clientRoutes(): string {
  const routes = readdirSync(join(packageRoot(), API))
    .filter((route) => existsSync(join(packageRoot(), API, route, 'client.ts')))
    .sort();
  const names = routes.map(joined);
  const from = (i: number): string => `from '../http/api/${routes[i] ?? ''}/client.js';`;
  const lines = (write: (name: string, i: number) => string): string => names.map(write).join('\n');
  return `/** Made by \`node dist/test/tools/pages/main.js\` from the folders of the routes; a test holds it equal. */
import type { Wire } from '../../contracts/client.js';
${lines((name, i) => `import { type ${capital(name)}Methods, ${name}Methods } ${from(i)}`)}

${lines((_, i) => `export type * ${from(i)}`)}

export interface RouteMethods
  extends ${names.map((name) => `${capital(name)}Methods`).join(',\n    ')} {}

export const routeMethods = (wire: Wire): RouteMethods => ({
${lines((name) => `  ...${name}Methods(wire),`)}
});
`;
}

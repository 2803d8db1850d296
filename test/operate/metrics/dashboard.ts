/** The dashboard as it stands in helm/yitong/files/dashboard.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
  }[];
}
export const dashboard = JSON.parse(readFileSync(join(packageRoot(), 'helm/yitong/files/dashboard.json'), 'utf8')) as {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
  readonly panels: readonly Panel[];
};
export const panels = dashboard.panels.filter(({ type }) => type !== 'row');
export const targets = panels.flatMap(({ title, targets: of = [] }) => of.map((target) => ({ title, ...target })));

/** As Grafana asks it, of all instances. */
export const asked = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*').replaceAll('$instance', '.*');

/** The tables of docs/metrics.md, one for each part of the table of metrics. */
import { metricParts } from '../../../gateway/ground/counts/metrics.js';
import { metricsOfAlerts } from '../../operate/metrics/rules.js';
import { table } from './marks.js';

const code = (text: string): string => `\`${text}\``;

export function metricsParts(): Readonly<Record<string, string>> {
  const alerts = [...metricsOfAlerts()];
  return Object.fromEntries(
    Object.entries(metricParts).map(([part, metrics]) => [
      part,
      table(
        ['metric', 'type', 'labels', 'meaning', 'alerts'],
        Object.entries(metrics).map(([name, { type, labels, help }]) => [
          code(name),
          type,
          labels.map(code).join(', '),
          help,
          alerts
            .filter(([, of]) => of.has(name))
            .map(([alert]) => code(alert))
            .join(', '),
        ]),
      ),
    ]),
  );
}

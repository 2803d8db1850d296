/** What `yitong status` tells of a figure is what the alert of that name fires at: one limit, in two places. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { samplesIn } from '../../gateway/cli/top/samples.js';
import { standingOf, UNNAMED } from '../../gateway/cli/top/standing.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const rules = readFileSync(join(packageRoot(), 'helm', 'yitong', 'files', 'alerts.yaml'), 'utf8');

/** Alerts on one figure; of rows held back and of the disk the shell says something before an alert does. */
const ALERTS = [
  'YitongWitnessMissing',
  'YitongSubscriptionBehind',
  'YitongNoticeWaits',
  'YitongFeedRefused',
  'YitongReplicationBacklog',
  'YitongViewBehind',
  'YitongVolumeNearlyUsed',
  'YitongCalendarEnding',
  'YitongTicketsUnreadable',
  'YitongWithdrawalsHeld',
  'YitongClocksOver',
] as const;

const LABELS = ['witness', 'client', 'channel', 'feed', 'dataset', 'grant', 'calendar', 'lifecycle']
  .map((name) => `${name}="one"`)
  .join(',');

/** The figure of an alert, with the labels that it asks for, and its limit. */
function limitOf(alert: string) {
  const rule = new RegExp(`alert: ${alert}\\n([^]*?)(?=\\n *- alert|$)`).exec(rules)?.[1] ?? '';
  const [, metric = '', asked = '', comparison = '', limit = '', factor = '1'] =
    /(yitong_[a-z_]+)(?:\{([a-z]+="[a-z]+")?[^}]*\})?\)? (==|>=|>|<) ([\d.]+)(?: \* (\d+))?/.exec(rule) ?? [];
  return { metric, asked, comparison, limit: Number(limit) * Number(factor) };
}

for (const alert of ALERTS)
  t.test(`${alert}: the shell tells it where the alert fires, and not before`, (t) => {
    const { metric, asked, comparison, limit } = limitOf(alert);
    const told = (value: number): boolean => {
      const labels = [LABELS, asked].filter((one) => one !== '').join(',');
      const samples = samplesIn(`${metric}{${labels}} ${String(value)}\n`, 0);
      return standingOf({ samples, reasons: [], warnings: [] }, UNNAMED).some(({ more }) => more === alert);
    };
    const step = limit < 1 && limit > 0 ? 0.01 : 1;
    const [fires, waits] =
      comparison === '<'
        ? [limit - step, limit]
        : comparison === '>'
          ? [limit + step, limit]
          : comparison === '>='
            ? [limit, limit - step]
            : [limit, limit === 0 ? 1 : 0];
    t.ok(told(fires), `${metric} ${String(fires)}`);
    t.notOk(told(waits), `${metric} ${String(waits)}`);
    t.end();
  });

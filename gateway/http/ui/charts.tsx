/**
 * Bars over time, drawn on the server: no script, readable without colour, with the same numbers as a table for those
 * who cannot see it.
 */
import type { JSX } from 'preact';

interface Bar {
  readonly label: string;
  readonly value: number;
  /** Part of `value` that is drawn in the colour of refusals; absent where nothing is told apart. */
  readonly part?: number;
}

interface BarsProps {
  readonly bars: readonly Bar[];
  readonly title: string;
  readonly valueName: string;
  readonly partName?: string;
  readonly tableName: string;
}

const WIDTH = 1000;
const BASE = 150;
/** With its own line. */
const HEIGHT = BASE + 1;

/** A round number at or above the highest bar. */
function ceiling(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}

export function Bars({ bars, title, valueName, partName, tableName }: BarsProps): JSX.Element {
  const top = ceiling(Math.max(...bars.map(({ value }) => value), 1));
  const step = WIDTH / Math.max(1, bars.length);
  const width = Math.min(36, step * 0.72);
  const y = (value: number): number => BASE - (value / top) * (BASE - 1);
  const every = Math.ceil(bars.length / 8);
  return (
    <figure class="chart card">
      <figcaption>
        <b>{title}</b>
        <span class="key">
          <i class="k value" />
          {valueName}
        </span>
        {partName === undefined ? null : (
          <span class="key">
            <i class="k part" />
            {partName}
          </span>
        )}
      </figcaption>
      <p class="tops" aria-hidden="true">
        {top.toLocaleString('en')}
      </p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title} preserveAspectRatio="none">
        {[top / 2, top].map((line) => (
          <g class="grid">
            <line x1="0" x2={WIDTH} y1={y(line)} y2={y(line)} />
          </g>
        ))}
        <line class="axis" x1="0" x2={WIDTH} y1={BASE} y2={BASE} />
        {bars.map(({ label, value, part = 0 }, i) => (
          <g>
            <title>{partName === undefined ? `${label}: ${value}` : `${label}: ${value} (${partName} ${part})`}</title>
            <rect class="hit" x={i * step} y="0" width={step} height={BASE} />
            <rect
              class="bar"
              x={i * step + (step - width) / 2}
              y={y(value)}
              width={width}
              height={Math.max(value > 0 ? 1.5 : 0, BASE - y(value))}
              rx="2"
            />
            <rect
              class="bar part"
              x={i * step + (step - width) / 2}
              y={y(part)}
              width={width}
              height={Math.max(part > 0 ? 1.5 : 0, BASE - y(part))}
              rx="2"
            />
          </g>
        ))}
      </svg>
      <div class={every === 1 ? 'ticks' : 'ticks sparse'} aria-hidden="true">
        {bars.map(({ label }, i) => (
          <span>{i % every === 0 ? <i class={(i / every) % 2 === 1 ? 'second' : undefined}>{label}</i> : null}</span>
        ))}
      </div>
      <details>
        <summary>{tableName}</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th />
                <th class="n">{valueName}</th>
                {partName === undefined ? null : <th class="n">{partName}</th>}
              </tr>
            </thead>
            <tbody>
              {bars
                .filter(({ value }) => value > 0)
                .map(({ label, value, part = 0 }) => (
                  <tr>
                    <th>{label}</th>
                    <td class="n">{value.toLocaleString('en')}</td>
                    {partName === undefined ? null : <td class="n">{part.toLocaleString('en')}</td>}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

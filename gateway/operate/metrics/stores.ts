/** How full the stores are that the settings limit: the view, and the embedded bus. */
import { join } from 'node:path';
import type { BusSettings } from '../../../connectors/bus/open.js';
import { usedBytes } from '../../../connectors/lmdb/room.js';
import { VIEW_FILE } from '../../answer/view/lmdb/store.js';
import { type Family, gauge } from '../../ground/counts/families.js';

/** Share of its limit from which a store is warned of. */
const FILLING = 0.8;

interface StoresParts {
  readonly dataDir: string;
  readonly bus: BusSettings;
  /** 0: no limit but the disk. */
  readonly viewMaxBytes: number;
}

interface LimitedStore {
  readonly store: 'view' | 'bus';
  readonly file: string;
  readonly maxBytes: number;
  readonly setting: string;
  readonly whenFull: string;
}

export interface StoreSizes {
  /** What `/health/ready` says of those that are nearly full, or full. */
  warnings(): readonly string[];
  figures(): Family[];
}

export function storeSizes({ dataDir, bus, viewMaxBytes }: StoresParts): StoreSizes {
  const stores: readonly LimitedStore[] = [
    {
      store: 'view',
      file: join(dataDir, 'view', VIEW_FILE),
      maxBytes: viewMaxBytes,
      setting: 'gateway.viewMaxBytes',
      whenFull: 'nothing new is seen',
    },
    ...(bus.driver === 'embedded'
      ? [
          {
            store: 'bus' as const,
            file: join(bus.dir, 'data.mdb'),
            maxBytes: bus.maxBytes ?? 0,
            setting: 'bus.maxBytes',
            whenFull: 'what is published is refused',
          },
        ]
      : []),
  ];
  return {
    warnings: () =>
      stores.flatMap(({ store, file, maxBytes, setting, whenFull }) => {
        const used = maxBytes === 0 ? undefined : usedBytes(file);
        if (used === undefined || used < maxBytes * FILLING) return [];
        const holds = `it holds ${used} of the ${maxBytes} bytes that \`${setting}\` allows`;
        return used < maxBytes
          ? [`the ${store} is nearly full: ${holds}; once it is full, ${whenFull}`]
          : [`the ${store} is full: ${holds}; ${whenFull}`];
      }),
    figures: () => [
      gauge(
        'yitong_store_used_bytes',
        stores.map(({ store, file }) => [{ store }, usedBytes(file)] as const),
      ),
      gauge(
        'yitong_store_limit_bytes',
        stores.flatMap(({ store, maxBytes }) => (maxBytes === 0 ? [] : [[{ store }, maxBytes] as const])),
      ),
    ],
  };
}

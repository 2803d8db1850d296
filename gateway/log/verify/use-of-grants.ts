/** What the log says of the use of grants and clients. */
import type { Use } from '../../../policies/privilege.js';
import type { SearchIndex } from '../search/index.js';
import { HOUR } from '../search/summary.js';

/**
 * The use of grants and clients over the whole log. `begins` is the log's first hour (ms since 1970), undefined where
 * the log is empty. A client's last request is known to the hour.
 */
export async function useOf(search: SearchIndex): Promise<{ readonly use: Use; readonly begins: number | undefined }> {
  const { hours, grants } = await search.overview(0, Infinity);
  const clients: Record<string, number> = {};
  let begins: number | undefined;
  for (const [start, hour] of Object.entries(hours)) {
    const from = Number(start);
    begins = Math.min(begins ?? from, from);
    for (const client of Object.keys(hour.clients)) clients[client] = Math.max(clients[client] ?? 0, from + HOUR - 1);
  }
  return { use: { grants, clients }, begins };
}

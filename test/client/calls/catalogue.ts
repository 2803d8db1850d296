import type { CatalogueMethods } from '../../../gateway/http/api/catalogue/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: CatalogueMethods): Calls => ({
  catalogue: () => client.catalogue(),
  catalogueEntry: () => client.catalogueEntry('a.b'),
  catalogueDcat: () => client.catalogueDcat(),
  catalogueCsv: () => client.catalogueCsv(),
});

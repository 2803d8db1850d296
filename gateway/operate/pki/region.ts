/** By what a city of one machine comes to other regions: a certificate of its development CA. */
import { join } from 'node:path';
import type { RegionSettings } from '../../ground/config/region.js';

/** The folder of that certificate among those of clients; no client of a workspace can ask with it here. */
export const REGION_GATEWAY = 'region-gateway';

/** The settings with the files of the development CA, where nothing else is said. */
export const regionUnder = (settings: RegionSettings, pki: string): RegionSettings => ({
  ...settings,
  certFile: settings.certFile || join(pki, 'clients', REGION_GATEWAY, 'cert.pem'),
  keyFile: settings.keyFile || join(pki, 'clients', REGION_GATEWAY, 'key.pem'),
  caFile: settings.caFile || join(pki, 'ca.pem'),
});

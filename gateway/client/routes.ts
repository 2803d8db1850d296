/** Made by `node dist/test/tools/pages/main.js` from the folders of the routes; a test holds it equal. */
import type { Wire } from '../../contracts/client.js';
import { type BatchMethods, batchMethods } from '../http/api/batch/client.js';
import { type BundlesMethods, bundlesMethods } from '../http/api/bundles/client.js';
import { type CasesMethods, casesMethods } from '../http/api/cases/client.js';
import { type CatalogueMethods, catalogueMethods } from '../http/api/catalogue/client.js';
import { type ComplianceMethods, complianceMethods } from '../http/api/compliance/client.js';
import { type CredentialsMethods, credentialsMethods } from '../http/api/credentials/client.js';
import { type DocumentsMethods, documentsMethods } from '../http/api/documents/client.js';
import { type FilesMethods, filesMethods } from '../http/api/files/client.js';
import { type GuideMethods, guideMethods } from '../http/api/guide/client.js';
import { type MendsMethods, mendsMethods } from '../http/api/mends/client.js';
import { type ObjectionsMethods, objectionsMethods } from '../http/api/objections/client.js';
import { type QuarantineMethods, quarantineMethods } from '../http/api/quarantine/client.js';
import { type QueryMethods, queryMethods } from '../http/api/query/client.js';
import { type ReadingMethods, readingMethods } from '../http/api/reading/client.js';
import { type ReceiptsMethods, receiptsMethods } from '../http/api/receipts/client.js';
import { type RecordsMethods, recordsMethods } from '../http/api/records/client.js';
import { type RegionsMethods, regionsMethods } from '../http/api/regions/client.js';
import { type RegistryMethods, registryMethods } from '../http/api/registry/client.js';
import { type ReleasesMethods, releasesMethods } from '../http/api/releases/client.js';
import { type ReportsMethods, reportsMethods } from '../http/api/reports/client.js';
import { type SandboxMethods, sandboxMethods } from '../http/api/sandbox/client.js';
import { type SharingMethods, sharingMethods } from '../http/api/sharing/client.js';
import { type SubscriptionsMethods, subscriptionsMethods } from '../http/api/subscriptions/client.js';
import { type VerifyMethods, verifyMethods } from '../http/api/verify/client.js';

export type * from '../http/api/batch/client.js';
export type * from '../http/api/bundles/client.js';
export type * from '../http/api/cases/client.js';
export type * from '../http/api/catalogue/client.js';
export type * from '../http/api/compliance/client.js';
export type * from '../http/api/credentials/client.js';
export type * from '../http/api/documents/client.js';
export type * from '../http/api/files/client.js';
export type * from '../http/api/guide/client.js';
export type * from '../http/api/mends/client.js';
export type * from '../http/api/objections/client.js';
export type * from '../http/api/quarantine/client.js';
export type * from '../http/api/query/client.js';
export type * from '../http/api/reading/client.js';
export type * from '../http/api/receipts/client.js';
export type * from '../http/api/records/client.js';
export type * from '../http/api/regions/client.js';
export type * from '../http/api/registry/client.js';
export type * from '../http/api/releases/client.js';
export type * from '../http/api/reports/client.js';
export type * from '../http/api/sandbox/client.js';
export type * from '../http/api/sharing/client.js';
export type * from '../http/api/subscriptions/client.js';
export type * from '../http/api/verify/client.js';

export interface RouteMethods
  extends BatchMethods,
    BundlesMethods,
    CasesMethods,
    CatalogueMethods,
    ComplianceMethods,
    CredentialsMethods,
    DocumentsMethods,
    FilesMethods,
    GuideMethods,
    MendsMethods,
    ObjectionsMethods,
    QuarantineMethods,
    QueryMethods,
    ReadingMethods,
    ReceiptsMethods,
    RecordsMethods,
    RegionsMethods,
    RegistryMethods,
    ReleasesMethods,
    ReportsMethods,
    SandboxMethods,
    SharingMethods,
    SubscriptionsMethods,
    VerifyMethods {}

export const routeMethods = (wire: Wire): RouteMethods => ({
  ...batchMethods(wire),
  ...bundlesMethods(wire),
  ...casesMethods(wire),
  ...catalogueMethods(wire),
  ...complianceMethods(wire),
  ...credentialsMethods(wire),
  ...documentsMethods(wire),
  ...filesMethods(wire),
  ...guideMethods(wire),
  ...mendsMethods(wire),
  ...objectionsMethods(wire),
  ...quarantineMethods(wire),
  ...queryMethods(wire),
  ...readingMethods(wire),
  ...receiptsMethods(wire),
  ...recordsMethods(wire),
  ...regionsMethods(wire),
  ...registryMethods(wire),
  ...releasesMethods(wire),
  ...reportsMethods(wire),
  ...sandboxMethods(wire),
  ...sharingMethods(wire),
  ...subscriptionsMethods(wire),
  ...verifyMethods(wire),
});

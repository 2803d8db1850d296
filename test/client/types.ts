/**
 * Read by the compiler alone: what a client may send is what the routes take, and what it is told that it gets is what
 * their schemas say, both ways. The line that does not compile names what has come apart.
 */
import type { Static } from 'typebox';
import type { receiptSchema } from '../../gateway/answer/question/schemas.js';
import type * as client from '../../gateway/client/index.js';
import type * as told from '../../gateway/documents/model/schemas.js';
import type { Issued, IssuedRow, Preview } from '../../gateway/documents/reports/index.js';
import type { ReleasedReport } from '../../gateway/documents/reports/released-part.js';
import type { batchSchema } from '../../gateway/http/api/batch/schema.js';
import type * as bundles from '../../gateway/http/api/bundles/schema.js';
import type * as catalogue from '../../gateway/http/api/catalogue/schema.js';
import type * as compliance from '../../gateway/http/api/compliance/index.js';
import type * as credentials from '../../gateway/http/api/credentials/index.js';
import type * as documents from '../../gateway/http/api/documents/schema.js';
import type * as guide from '../../gateway/http/api/guide/schema.js';
import type * as mends from '../../gateway/http/api/mends/schema.js';
import type * as objections from '../../gateway/http/api/objections/schema.js';
import type * as quarantine from '../../gateway/http/api/quarantine/schema.js';
import type * as asking from '../../gateway/http/api/query/schema.js';
import type * as reading from '../../gateway/http/api/reading/schema.js';
import type { receiptAnswerSchema } from '../../gateway/http/api/receipts/index.js';
import type * as records from '../../gateway/http/api/records/schema.js';
import type { schemaAnswer, versionAnswer } from '../../gateway/http/api/registry/index.js';
import type * as releases from '../../gateway/http/api/releases/index.js';
import type * as reports from '../../gateway/http/api/reports/schema.js';
import type * as sharing from '../../gateway/http/api/sharing/schema.js';
import type * as verifying from '../../gateway/http/api/verify/schema.js';

/** As an answer is read: nothing of it is written to; an object of no known members has any. */
type Frozen<T> = T extends readonly (infer One)[]
  ? readonly Frozen<One>[]
  : T extends object
    ? [keyof T] extends [never]
      ? Readonly<Record<string, unknown>>
      : { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;
type Said<Schema extends Parameters<typeof staticOf>[0]> = Frozen<Static<Schema>>;
declare function staticOf(schema: import('typebox').TSchema): unknown;

/** `true` where each fits the other; else the one that is wider. */
type Same<Server, Client> = [Server] extends [Client]
  ? [Client] extends [Server]
    ? true
    : { readonly clientIsWider: Client }
  : { readonly serverIsWider: Server };
const same = <_One extends true>(): void => undefined;
type Answer<Method extends keyof client.Client> = Awaited<
  ReturnType<Extract<client.Client[Method], (...given: never[]) => unknown>>
>;
/** A question in an address, whose members are text there. */
type AsText<T> = { readonly [Key in keyof T]: Extract<T[Key], string> extends never ? string : T[Key] };

export function held(): void {
  // @ts-expect-error the comparison finds a member that one of them lacks
  same<Same<Said<typeof receiptSchema>, Omit<client.Receipt, 'mergeBy'>>>();
  // @ts-expect-error and one that only the other has
  same<Same<Omit<Said<typeof receiptSchema>, 'leaf'>, client.Receipt>>();
  same<Same<Said<typeof receiptSchema>, client.Receipt>>();

  same<Same<Said<ReturnType<typeof asking.querySchema>>, client.QueryBody & { readonly dryRun?: boolean }>>();
  same<Same<Said<typeof asking.answerSchema>, Answer<'query'>>>();
  same<Same<Said<typeof asking.dryRunSchema>, Answer<'dryRun'>>>();
  same<Same<Said<ReturnType<typeof batchSchema>>, client.BatchBody>>();
  same<Same<Said<typeof asking.answerSchema>['datasets'], client.BatchLine['datasets']>>();
  same<Same<Said<typeof verifying.verifySchema>, client.VerifyBody>>();
  same<Same<Said<typeof verifying.verifiedSchema>, Answer<'verify'>>>();

  same<Same<Said<typeof records.bodySchema>, client.PublishBody>>();
  same<Same<Said<typeof records.answerSchema>, Answer<'publish'>>>();
  same<Same<Said<typeof quarantine.listSchema>, Answer<'quarantine'>>>();
  same<Same<keyof Said<typeof quarantine.listQuery>, keyof client.QuarantineQuestion>>();
  same<Same<Said<typeof quarantine.retrySchema>, Answer<'retryQuarantine'>>>();
  same<Same<Said<typeof mends.listSchema>, Answer<'mends'>>>();
  same<Same<Said<typeof mends.proposedSchema>, Answer<'proposedMend'>>>();
  same<Same<Said<typeof mends.proposeBody>, client.ProposeMendBody>>();
  same<Same<Said<typeof mends.actBody>, client.MendActBody>>();
  same<Same<Said<typeof mends.draftSchema>, Answer<'proposeMend'> & Answer<'mend'> & Answer<'actOnMend'>>>();
  same<Same<Said<typeof reading.readBody>, client.ReadAgainBody>>();
  same<Same<Said<typeof reading.readingSchema>, Answer<'reading'> & Answer<'readAgain'>>>();
  same<Same<Said<typeof objections.listQuery>, AsText<client.ObjectionsQuestion>>>();
  same<Same<Said<typeof objections.listSchema>, Answer<'objections'>>>();
  same<Same<Said<typeof objections.actBody>, client.ActBody>>();
  same<Same<Said<typeof objections.openBody>, client.OpenObjectionBody>>();
  same<Same<Said<typeof objections.ticketSchema>, Answer<'actOnObjection'> & Answer<'openObjection'>>>();

  same<Same<Said<typeof sharing.listQuery>, AsText<client.MattersQuestion>>>();
  same<Same<Said<typeof sharing.listSchema>, Answer<'matters'>>>();
  same<Same<Said<typeof sharing.actBody>, client.MatterActBody>>();
  same<Same<Said<typeof sharing.openBody>, client.OpenMatterBody>>();
  same<Same<Said<typeof sharing.standingBody>, client.StandingBody>>();
  same<Same<Said<typeof sharing.matterSchema>, Answer<'matter'> & Answer<'actOnMatter'> & Answer<'openMatter'>>>();
  same<Same<Said<typeof sharing.standingListSchema>, Answer<'standingConsents'>>>();
  same<Same<keyof Said<typeof sharing.statisticsQuery>, keyof client.StatisticsQuestion>>();
  same<Same<Said<typeof sharing.statisticsSchema>, Answer<'sharingStatistics'>>>();

  same<Same<Said<typeof bundles.listSchema>, Answer<'bundles'>>>();
  same<Same<Said<typeof bundles.bundleSchema>, Answer<'bundle'>>>();
  same<Same<Said<typeof bundles.mergeBody>['answers'], client.BundleAnswers>>();
  same<Same<Said<typeof bundles.mergedSchema>, Answer<'mergeBundle'>>>();
  same<Same<Said<typeof guide.guidanceSchema>, Answer<'guide'>>>();
  same<Same<Said<typeof catalogue.listSchema>, Answer<'catalogue'>>>();
  same<Same<Said<typeof catalogue.entrySchema>, Answer<'catalogueEntry'>>>();
  same<Same<Said<typeof receiptAnswerSchema>, Answer<'receipt'>>>();
  same<Same<Said<typeof schemaAnswer>, Answer<'schema'>>>();
  same<Same<Said<typeof versionAnswer>, Answer<'schemaVersion'>>>();

  same<Same<Said<typeof reports.reportSchema>, client.ReportBody>>();
  same<Same<Said<typeof told.definitionsSchema>, Answer<'reportDefinitions'>>>();
  same<Same<Said<typeof told.previewSchema>, Answer<'previewReport'>>>();
  same<Same<Said<typeof told.issuedSchema>, Answer<'issueReport'>>>();
  same<Same<Said<typeof told.listSchema>, Answer<'listReports'>>>();
  same<Same<Said<typeof told.shownSchema>, Answer<'showReport'>>>();
  same<Same<Said<typeof told.revokedSchema>, Answer<'revokeReport'>>>();
  same<Same<Said<typeof reports.authorisationSchema>, client.AuthorisationBody>>();
  same<Same<Said<typeof told.authorisedSchema>, Answer<'authorise'>>>();
  same<Same<Said<typeof told.authorisationsSchema>, Answer<'authorisations'>>>();
  same<Same<Said<typeof told.withdrawnSchema>, Answer<'withdrawAuthorisation'>>>();
  same<Same<Said<typeof documents.verifySchema>, client.VerifyDocumentsBody>>();
  same<Same<Said<typeof told.verifiedDocumentsSchema>, Answer<'verifyDocuments'>>>();
  same<Same<Said<typeof told.documentChangesSchema>, Answer<'documentChanges'>>>();
  same<Same<Said<typeof credentials.verifySchema>, client.VerifyCredentialBody>>();
  same<Same<Said<typeof told.shownSectionSchema>, client.VerifyCredentialAnswer['sections'][number]>>();
  same<Same<Said<typeof compliance.scanSchema>, client.ScanBody>>();
  same<Same<Said<typeof compliance.scannedSchema>, Answer<'scan'>>>();
  same<Same<Said<typeof compliance.answerSchema>, Answer<'scanAnswer'>>>();
  same<Same<Said<typeof releases.releaseBody>, client.ReleaseBody>>();
  same<Same<Said<typeof releases.releaseSchema>, Answer<'releaseReport'>>>();
  same<Same<Said<typeof releases.releaseStateSchema>, Answer<'releaseState'> & Answer<'withdrawRelease'>>>();
  same<Same<Said<typeof releases.lookBody>, client.LookBody>>();
  same<Same<Said<typeof told.releasedReportSchema>, Answer<'lookAtReport'>>>();

  // and what the gateway works with is what the schemas say
  same<Same<Issued['model'], Said<typeof told.modelSchema>>>();
  same<Same<ReleasedReport, Said<typeof told.releasedReportSchema>>>();
  same<Same<IssuedRow, Said<typeof told.listSchema>['reports'][number]>>();
  same<Same<Preview['missing'][number]['member'], Said<typeof told.previewSchema>['missing'][number]['member']>>();
}

/**
 * Every address that the people's port answers with GET, as the router has it, and which suite looks at the page there:
 * the names under which suites inspect it, `walk` where walk.test.ts does; or in words why there is no page to be
 * looked at. pages.test.ts holds that none is missing and that each name is some suite's; whoever inspects a page under
 * a name that stands here is on that page, or says so.
 */

/** Looked at by whoever follows every link. */
export const WALK = 'walk';

const FILE = 'a file';
const ON = 'it leads on to another page';
const SCRIPT = "what a page's own script asks";

export const PAGES: Readonly<Record<string, readonly string[] | string>> = {
  '/': ['start'],
  '/*': FILE,
  '/.well-known/jwt-vc-issuer': FILE,
  '/assets/:build/:name': FILE,
  '/callback': ON,
  '/compliance': ['code-ask'],
  '/compliance/:code': ['code-filled'],
  '/compliance/answer': ['code-refused'],
  '/compliance/answer/state': SCRIPT,
  '/compliance/report': ON,
  '/compliance/report/:code': ['release-before'],
  '/console': ON,
  '/console/alerts': ['alerts'],
  '/console/alerts.csv': FILE,
  '/console/alerts/:id': [WALK],
  '/console/applications': ['applications-tray', 'applications-empty'],
  '/console/applications.csv': FILE,
  '/console/applications/:id': ['applications-consent', 'applications-provider', 'applications-answered'],
  '/console/applications/:id/edit': ['applications-draft'],
  '/console/applications/:id/files/:file': FILE,
  '/console/applications/calendar': ['applications-calendar'],
  '/console/applications/new': ['applications-new'],
  '/console/applications/open/:machine': ['matters-open'],
  '/console/applications/standing': ['applications-standing'],
  '/console/authorisations': ['authorisations', 'authorisation-asked'],
  '/console/authorisations.csv': FILE,
  '/console/authorisations/:id/withdraw': ['authorisation-withdraw'],
  '/console/calls': ['calls'],
  '/console/case-figures': ['case-figures'],
  '/console/casework': ['casework-inbox'],
  '/console/casework.csv': FILE,
  '/console/casework/:id': ['casework-case', 'casework-issued'],
  '/console/casework/:id/materials/:material': FILE,
  '/console/casework/:id/video': ['casework-video'],
  '/console/complaints': ['complaints'],
  '/console/compliance': ['code-none', 'code-created', 'code-asked'],
  '/console/compliance/release': ['release'],
  '/console/compliance/released': ['release-code'],
  '/console/compliance/released/state': SCRIPT,
  '/console/compliance/state': SCRIPT,
  '/console/datasets': ['datasets-found'],
  '/console/datasets.csv': FILE,
  '/console/datasets/:dataset': ['dataset'],
  '/console/developer': ['developer', 'developer-answer'],
  '/console/developer/interfaces': ['interfaces', 'interfaces-found'],
  '/console/developer/interfaces/:operation': ['interface-query', 'interface-attach'],
  '/console/developer/keys': ['developer-keys', 'developer-keys-made'],
  '/console/developer/keys/:serial': FILE,
  '/console/developer/start': ['developer-start'],
  '/console/entries/:index': ['entry'],
  '/console/entries/:index/certificate': FILE,
  '/console/entries/:index/proof': SCRIPT,
  '/console/feeds': ['feeds'],
  '/console/feeds.csv': FILE,
  '/console/feeds/new': ['feed-new', 'feed-proposed', 'feed-asked', 'feed-answered', 'feed-unfinished', 'feed-unmeant'],
  '/console/feeds/:dataset': ['feed', 'feed-held'],
  '/console/feeds/:dataset/mends/:id': ['mend-draft', 'mend-approve', 'mend-undo'],
  '/console/feeds/:dataset/mends/:id/file': FILE,
  '/console/feeds/:dataset/state': SCRIPT,
  '/console/feeds/:dataset/rows': ['feed-cause', 'mend-cause'],
  '/console/grants': ['grants'],
  '/console/grants.csv': FILE,
  '/console/grants/clients/:client': ['grants-of-client'],
  '/console/grants/:id': ['grant', 'grant-suspended'],
  '/console/guide-words': [WALK],
  '/console/guide-words.csv': FILE,
  '/console/history': ['history'],
  '/console/history.csv': FILE,
  '/console/home': ['home-officer', 'home-company'],
  '/console/kept/:id': ON,
  '/console/log': ['log'],
  '/console/matters': ['applying-list'],
  '/console/matters.csv': FILE,
  '/console/matters/:id': ['applying-check', 'applying-progress', 'rating-form'],
  '/console/matters/:id/form': ['applying-form'],
  '/console/matters/:id/materials/:material': FILE,
  '/console/matters/:id/questions': ['applying-questions'],
  '/console/matters/:id/video': ['applying-video'],
  '/console/matters/start': ['applying-start'],
  '/console/messages': ['messages', 'applying-messages'],
  '/console/notices': ['notices'],
  '/console/notices/:id': ON,
  '/console/notices/settings': ['notices-settings'],
  '/console/overview': ['overview'],
  '/console/overview.csv': FILE,
  '/console/privileges': ['privileges'],
  '/console/privileges.csv': FILE,
  '/console/replay': ['replay'],
  '/console/reports': ['reports'],
  '/console/reports.csv': FILE,
  '/console/reports/:id': ['report'],
  '/console/reports/new': ['report-form', 'names-report-form'],
  '/console/reviews': ['reviews'],
  '/console/reviews.csv': FILE,
  '/console/reviews/:id': ['review'],
  '/console/search': ['search', 'search-saved', 'names-offered'],
  '/console/search/saved/:id': ON,
  '/console/sharing/deputies': ['holders-deputies'],
  '/console/sharing/papers/:id': ['sharing-paper-signed'],
  '/console/sharing/papers/:id/edit': ['sharing-paper-edit'],
  '/console/sharing/papers/:id/pdf': FILE,
  '/console/sharing/papers/new': ['sharing-paper-new'],
  '/console/sharing/records': ['holders-records'],
  '/console/sharing/records.csv': FILE,
  '/console/sharing/records/:grant': ['holders-record'],
  '/console/sharing/statistics': ['sharing-statistics'],
  '/console/sharing/statistics.csv': FILE,
  '/console/sharing/told': ['holders-told'],
  '/console/sharing/told.csv': FILE,
  '/console/tickets': ['tickets', 'tickets-empty', 'tickets-closed'],
  '/console/tickets.csv': FILE,
  '/console/tickets/:id': ['ticket-centre', 'ticket-provider', 'ticket-closed'],
  '/console/tickets/:id/files/:file': FILE,
  '/console/tickets/missing': ['missing'],
  '/console/tickets/records': ['ticket-records'],
  '/console/trends': ['trends'],
  '/guide': [WALK],
  '/guide/begin': ['talk-begin'],
  '/guide/cases/:id': ['talk-turn', 'talk-summary'],
  '/matters': [WALK],
  '/matters/:bundle': [WALK],
  '/numbers': ['numbers'],
  '/ratings': ['ratings'],
  '/sign-in': 'it leads on to the identity provider, by itself where a form is kept for whoever comes back',
  '/signed-out': ['signed-out'],
  '/status/:list': FILE,
  '/verify': ['verify-form'],
  '/verify/:code': ['verify-genuine', 'verify-changed'],
  '/verify/ca.pem': FILE,
};

/** Those at which there is a page. */
export const pageRoutes: readonly string[] = Object.entries(PAGES).flatMap(([route, seen]) =>
  typeof seen === 'string' ? [] : [route],
);

const parts = Object.keys(PAGES)
  .map((route) => ({ route, parts: route.split('/'), open: route.split(':').length }))
  // what stands there as it is comes before what may be anything
  .sort((a, b) => a.open - b.open);

/** Whose address it is, of those above. */
export function routeOf(pathname: string): string | undefined {
  const asked = pathname.split('/');
  return parts.find(
    ({ parts: all }) => all.length === asked.length && all.every((one, at) => one.startsWith(':') || one === asked[at]),
  )?.route;
}

/** What is wrong with looking under this name at what was answered there; in words. */
export function misnamed(name: string, pathname: string, status: number): readonly string[] {
  const route = pageRoutes.find((one) => PAGES[one]?.includes(name) === true);
  if (route === undefined || name === WALK) return [];
  const found = routeOf(pathname);
  return [
    ...(found === route ? [] : [`${name} is a look at ${String(found)}, not at ${route}`]),
    ...(status < 400 ? [] : [`${name} is a look at an answer of ${String(status)}`]),
  ];
}

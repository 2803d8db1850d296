/**
 * Every state of a data folder, once: what it is, whether a backup holds it, and in which order it is copied while
 * processes write. A file that no state here knows makes a backup incomplete, so whoever adds a state to the data
 * folder adds a row here.
 *
 * The order is what makes copies of different moments one whole:
 *
 * 1. what refers to the log (alerts, suspensions, tickets, reports) before the log: nothing is restored without its
 *    entry;
 * 2. what connectors know to be published, then what waits (quarantine, spool), then the bus: a record comes twice,
 *    never not at all;
 * 3. the log at one committed size, then journals, which then hold at least what the log took from them;
 * 4. keys of subjects after all that was encrypted under them.
 */

/** How a state is copied while others write it. */
type Copying =
  /** Files that are replaced whole, or never change. */
  | 'files'
  /** An LMDB environment, in one snapshot, compacted. */
  | 'map'
  /** Numbered versions, of which the newest counts. */
  | 'versions'
  /** The log at one size. */
  | 'log'
  /** Segments as far as they are durable. */
  | 'journals'
  /** Not in a backup. */
  | 'none';

export interface State {
  readonly id: string;
  readonly what: string;
  /** Paths in the data folder, with `/`. */
  readonly path: RegExp;
  readonly copying: Copying;
  /** How it is copied where somebody asks for it; `copying` is `none` then. */
  readonly ifAsked?: Copying;
  /** `source`: gone when lost. `derived`: made again from others. `passing`: means nothing to the next process. */
  readonly kind: 'source' | 'derived' | 'passing';
  /** Where it is not copied, or not put back: why. */
  readonly why?: string;
  /** In the backup for whoever looks, not put back. */
  readonly restored?: false;
  /** Whoever reads it can read or sign what others may not. */
  readonly secret?: true;
}

/** Where a backup has what replicas share. */
export const SHARED_STATE = 'shared/state.ndjson';

const source = (id: string, what: string, path: RegExp, copying: Copying, more: Partial<State> = {}): State => ({
  id,
  what,
  path,
  copying,
  kind: 'source',
  ...more,
});
const without = (id: string, what: string, path: RegExp, kind: 'derived' | 'passing', why: string): State => ({
  id,
  what,
  path,
  copying: 'none',
  kind,
  why,
});

/** In the order in which they are copied. Of two that know a path the first counts. */
export const states: readonly State[] = [
  without(
    'temporary',
    'files on their way to their name',
    /(?:^|\/)[^/]*\.tmp$|(?:^|\/)spare$/,
    'passing',
    'nobody has been told of them',
  ),
  without('checks', 'which policies passed their check', /^checks-passed$/, 'derived', 'they are checked again'),
  without(
    'locks',
    'who holds what, and slots of readers',
    /(?:^|\/)lock\.mdb$|-lock$|\.lock(?:\.[0-9a-f]+)?$|^(?:journal|mirrors\/[^/]+)\/[^/]+\/lock$|^audit\/writing\//,
    'passing',
    'they name processes of this machine',
  ),
  without(
    'takeover',
    'a log that is being taken over, on its way to its place',
    /^takeover\.partial\//,
    'passing',
    'the take-over makes it again',
  ),
  source(
    'store-marks',
    'that these stores are missed where they are gone, also by a program that knows no other place for what is in them',
    /^(?:reports\/(?:store|watched|status\/statuses)|tickets\/tickets|verify\/guesses)\.made$/,
    'files',
  ),
  without(
    'made',
    'marks that a store has something in it',
    /\.made$/,
    'derived',
    'made again when the store is opened',
  ),
  without('running', 'addresses of a running city', /^up\.json$/, 'passing', 'the next one has its own'),
  without('replays', 'replays of the console under way', /^replays\//, 'passing', 'they end with their process'),
  without(
    'staged',
    'a run of the sequencer that is not in its place yet',
    /^audit\/staged\//,
    'passing',
    'the log is copied at a size that is in its place',
  ),
  without(
    'contracts',
    'a copy of the contracts in force',
    /^contracts-in-force(?:\.[^/]*)?\//,
    'derived',
    'made again from the workspace at each start',
  ),
  // long before the bus, which so holds at least what the view has read of it
  {
    ...without(
      'view',
      'the view: current records and their history, by subject',
      /^view\/view\.mdb$/,
      'derived',
      'made again from the bus; so no long snapshot of it is held. With `--with-view` it is copied and put back',
    ),
    ifAsked: 'map',
  },
  without('view-marks', 'what stands beside the view about its file', /^view\//, 'derived', 'it is of this disk'),
  without('search', 'blocks of the search index', /^audit\/search\//, 'derived', 'made again from bodies and log'),
  without('names', 'names by which companies are found', /^names\/index\.mdb$/, 'derived', 'made again from the bus'),
  without(
    'sessions',
    'who is signed in',
    /^people\/sessions$/,
    'passing',
    'who signed out since must not be signed in again',
  ),
  without(
    'forms',
    'forms that could not be taken, for half an hour',
    /^people\/forms$/,
    'passing',
    'they go within the half hour',
  ),
  without(
    'forms-key',
    'the key under which forms say where they stand',
    /^people\/forms-key$/,
    'derived',
    'made anew; pages that are open then lose what is written in them, if they are sent after a sign-in',
  ),
  without(
    'codes',
    'compliance codes of the last minutes',
    /^reports\/compliance\/codes$/,
    'passing',
    'a code that was answered must not be answered again',
  ),
  without(
    'ordered-files',
    'files that were ordered, in segments',
    /^files\/[^/]+$/,
    'passing',
    'they are ordered anew',
  ),
  without('lookups', 'counts of look-ups of this minute', /^reports\/lookups$/, 'passing', 'counted anew'),
  without(
    'cursor-key',
    'the key of cursors',
    /^cursors\/key$/,
    'derived',
    'made anew; whoever was between two pages asks from the first on',
  ),
  without(
    'watching',
    'which process watches documents',
    /^reports\/watching$/,
    'passing',
    'it names a process of this machine',
  ),

  source(
    'alerts',
    'what the watching rules found, who acknowledged it, and how far they have read',
    /^audit\/alerts\/alerts$/,
    'map',
  ),
  source('suspensions', 'grants that are suspended', /^suspended\/\d{12}$/, 'versions'),
  source('applied', 'grants that applications made, as this replica knows them', /^applied\/\d{12}$/, 'versions'),
  source('tickets', 'tickets: objections, applications, complaints, with their acts', /^tickets\/tickets$/, 'map'),
  source('ticket-files', 'files that came with tickets', /^tickets\/files\/[0-9a-f]{16}\/[0-9a-f]{16}$/, 'files'),
  without(
    'moving',
    'a state on its way to its place',
    /^state\/moving\//,
    'passing',
    'whoever makes it makes it again',
  ),
  without(
    'older',
    'stores that a program of before began',
    /^older\//,
    'derived',
    '`yitong state join` took all of it into the state',
  ),
  source(
    'state',
    'all that people did: reports, tickets, cases, matters of sharing, suspensions, limits; sign-ins, forms and ' +
      "codes of the moment are not put back; with subjects' keys where it came back from a server",
    /^state\/store$/,
    'map',
    { secret: true },
  ),
  source(
    'blobs',
    'files that were uploaded for cases, or attached to matters of sharing',
    /^blobs\/[0-9a-f]{16}\/[0-9a-f]{32}$/,
    'files',
  ),
  source(
    'shared',
    "what all replicas share on a PostgreSQL server: reports, tickets, cases, sign-ins, suspensions, subjects' keys",
    /^shared\/state\.ndjson$/,
    'files',
    { restored: false, secret: true, why: '`yitong state load` puts it on a server: it is of all replicas' },
  ),
  source('reports', 'reports, authorisations, verification codes (keyed), revocations', /^reports\/store$/, 'map'),
  source('watched', 'documents that others watch, and what they were told', /^reports\/watched$/, 'map'),
  source('statuses', 'status lists of credentials', /^reports\/status\/statuses$/, 'map'),
  source('lookups-secret', 'the key under which look-ups are counted', /^reports\/lookups-secret$/, 'files', {
    secret: true,
  }),
  source('guesses', 'verifications counted against guessing', /^verify\/guesses$/, 'map'),
  source('guesses-secret', 'the key under which they are counted', /^verify\/secret$/, 'files', { secret: true }),

  source('connectors', 'what was published, positions and watermarks of feeds', /^connectors\/data\.mdb$/, 'map'),
  source('crosswalks', 'which identifier belongs to which subject', /^crosswalks\/[^/]+\.mdb$/, 'map'),
  source('quarantine', 'rows that break their contract, with the reason', /^quarantine\/[^/]+\.mdb$/, 'map'),
  source('quality', 'how good each dataset was, by day', /^quality\/[^/]+\.json$/, 'files'),
  source('spool', 'records that were accepted while the bus was away', /^spool\/data\.mdb$/, 'map'),
  source('bus', 'the embedded bus', /^bus\/data\.mdb$/, 'map'),
  source('bus-cluster', 'which bus stood there, so that one that is gone is missed', /^bus\.cluster$/, 'files'),

  source(
    'log',
    'the published log, its bodies, index and commit point',
    /^log\/(?:checkpoint|tile\/.*)$|^audit\/(?:checkpoint|state\/\d{12}|bodies\/\d{8}\.(?:dat|idx)|index\/[a-z0-9-]+)$/,
    'log',
  ),
  source(
    'log-keys',
    'public keys of the log and of replicas, of now and of before',
    /^log\/(?:vkey|replicas\/[0-9a-f]{8}\.vkey|earlier\/[0-9a-f]{8}\/(?:vkey|checkpoint))$/,
    'files',
  ),
  source(
    'journals',
    'journals of this replica, and copies of those of others',
    /^(?:journal|mirrors\/[^/]+)\/[^/]+\/(?:\d{8}\.seg(?:\.erased)?|durable|fault|retired|groups|pruned)$/,
    'journals',
  ),
  source('epoch', 'whom this replica agreed to as the sequencer', /^audit\/epoch\/\d{12}$/, 'versions'),

  source('subject-keys', 'pseudonym and key of each subject', /^audit\/keys\/subjects$/, 'map', { secret: true }),
  source(
    'subject-halves',
    'the other half of each of these keys, overwritten by an erasure',
    /^audit\/keys\/halves$/,
    'files',
    { secret: true },
  ),
  source('subject-secret', 'the secret of the look-up', /^audit\/keys\/secret$/, 'files', { secret: true }),
  source('erasures', 'which erasures are carried out', /^audit\/erasures$/, 'files', {
    restored: false,
    why: 'after a restore the whole log is looked through, and each order in it is carried out again',
  }),
  source('signing-keys', 'signing keys of the log and of this replica', /^keys\/[^/]+$/, 'files', { secret: true }),
  source('pki', 'the development authority, its certificates and keys', /^pki\//, 'files', { secret: true }),
];

/**
 * The state to which a file of a data folder belongs; undefined where none knows it.
 * @param path from the data folder, with `/`
 */
export const stateOf = (path: string): State | undefined => states.find((state) => state.path.test(path));

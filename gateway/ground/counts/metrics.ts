/**
 * The one table of metrics: type, labels and meaning of each, by the part of docs/metrics.md in which it stands. What
 * is not here cannot be counted; the tables of that page are made from here. Values of labels are ids of the workspace
 * or codes of tables, never anything that a request or a source brought.
 */

interface Metric {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  /** What a sample says, with its unit; the help text of `/metrics`. */
  readonly help: string;
}

const programs = {
  yitong_build_info: {
    type: 'gauge',
    labels: ['part', 'version', 'node'],
    help: 'always 1: which version of what runs',
  },
  yitong_ready: { type: 'gauge', labels: ['part'], help: '1 where /health/ready says so, by part' },
  yitong_warnings: { type: 'gauge', labels: ['part'], help: 'warnings of /health/ready, by part' },
  yitong_process_up: { type: 'gauge', labels: ['process'], help: '1 while the process runs and answers' },
  yitong_process_restarts_total: {
    type: 'counter',
    labels: ['process'],
    help: 'how often the process ended by itself and was started again',
  },
  yitong_process_cpu_seconds_total: { type: 'counter', labels: ['process'], help: 'processor time used, by process' },
  yitong_process_resident_bytes: {
    type: 'gauge',
    labels: ['process'],
    help: 'memory in RAM, by process; of the view each process counts what it has mapped',
  },
  yitong_process_anonymous_bytes: {
    type: 'gauge',
    labels: ['process'],
    help: 'memory of its own, without mapped files, by process',
  },
  yitong_process_start_time_seconds: {
    type: 'gauge',
    labels: ['process'],
    help: 'when it started, seconds since 1970, by process',
  },
  yitong_process_event_loop_busy_ratio: {
    type: 'gauge',
    labels: ['process'],
    help: 'share of the time since the last scrape in which its event loop was busy, by process',
  },
  yitong_spans_exported_total: {
    type: 'counter',
    labels: ['process'],
    help: 'spans of traces that their endpoint took, by process',
  },
  yitong_spans_dropped_total: {
    type: 'counter',
    labels: ['process'],
    help: 'spans of traces that were lost, since their endpoint did not take them or too many waited, by process',
  },
  yitong_data_disk_free_bytes: { type: 'gauge', labels: [], help: 'bytes free for the data folder' },
  yitong_data_disk_size_bytes: { type: 'gauge', labels: [], help: 'bytes of the file system of the data folder' },
} as const satisfies Readonly<Record<string, Metric>>;

const requests = {
  yitong_requests_total: {
    type: 'counter',
    labels: ['port', 'route', 'status'],
    help: 'requests that are over, by port, route and status of the answer; 499: the client left before it',
  },
  yitong_request_seconds: {
    type: 'histogram',
    labels: ['port', 'route'],
    help: 'time from the first byte in to the last byte out, or until the client left, by port and route',
  },
  yitong_errors_total: {
    type: 'counter',
    labels: ['code'],
    help: 'answers that are an error, by code of docs/errors.md',
  },
  yitong_decisions_total: {
    type: 'counter',
    labels: ['dataset', 'effect', 'reason'],
    help: 'decisions put on record, by dataset, effect and reason of a denial; a chunk of a batch is one',
  },
  yitong_client_requests_total: {
    type: 'counter',
    labels: ['client'],
    help: 'requests of clients that were identified, by client',
  },
  yitong_connections_open: { type: 'gauge', labels: ['port'], help: 'connections that are open, by port' },
  yitong_tls_failures_total: {
    type: 'counter',
    labels: ['port'],
    help: 'TLS connections that failed before a request, by port',
  },
  yitong_connections_cut_total: {
    type: 'counter',
    labels: ['port', 'limit'],
    help:
      'connections closed to make room, or not taken, by port and limit: those that had asked nothing (of ' +
      'one address, of all), all that are open',
  },
  yitong_pushed_records_total: {
    type: 'counter',
    labels: ['dataset', 'outcome'],
    help: 'records pushed over HTTP, by dataset and what became of them',
  },
  yitong_guide_answers_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'sentences that the guide answered, by outcome: a matter named, not sure, none of its matters',
  },
  yitong_guide_turns_total: {
    type: 'counter',
    labels: ['bundle', 'outcome'],
    help:
      'turns of the conversation by which the guide fills in a case, by bundle and outcome: a question was asked, ' +
      'answered, its answer not understood, the draft handed to a person, submitted',
  },
  yitong_guide_model_total: {
    type: 'counter',
    labels: ['outcome'],
    help:
      'sentences of which the configured model was asked, by outcome: what it said was taken, was none of the ' +
      'matters asked about, came too late, failed',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const journal = {
  yitong_journal_group_seconds: {
    type: 'histogram',
    labels: [],
    help: 'how long the disk took for a group of audit entries, until it was durable',
  },
  yitong_journal_healthy: {
    type: 'gauge',
    labels: ['process'],
    help: '1 while the audit journal of the process takes entries; answers are 503 otherwise',
  },
  yitong_journal_entries_total: {
    type: 'counter',
    labels: ['process'],
    help: 'audit entries made durable since the process started',
  },
  yitong_journal_lost_notes_total: {
    type: 'counter',
    labels: ['process'],
    help: 'completions that could not be made durable; their answers were on record before they left',
  },
  yitong_journal_waiting_entries: {
    type: 'gauge',
    labels: ['process'],
    help: 'audit entries that are not durable yet',
  },
  yitong_journal_synced_age_seconds: {
    type: 'gauge',
    labels: ['process'],
    help: 'time since an entry of the process became durable',
  },
  yitong_log_entries: { type: 'gauge', labels: [], help: 'entries integrated into the log' },
  yitong_log_published_entries: { type: 'gauge', labels: [], help: 'entries under the published checkpoint' },
  yitong_log_published_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'time since the published checkpoint was published',
  },
  yitong_log_behind_seconds: {
    type: 'gauge',
    labels: [],
    help: 'for how long the oldest entry waits that no published checkpoint covers; 0 where none does',
  },
  yitong_log_unsequenced_seconds: {
    type: 'gauge',
    labels: [],
    help:
      'for how long the oldest durable entry waits that the sequencer has not taken into the log; 0 where ' +
      'none does',
  },
  yitong_log_unsequenced_entries: {
    type: 'gauge',
    labels: [],
    help: 'durable entries that the sequencer has not taken into the log',
  },
  yitong_log_faults: {
    type: 'gauge',
    labels: [],
    help: 'things of the log that cannot be read; until they are mended nothing more comes into it',
  },
  yitong_task_age_seconds: {
    type: 'gauge',
    labels: ['task'],
    help: 'time since a task of the writer came forward last, by task',
  },
  yitong_state_up: {
    type: 'gauge',
    labels: ['process'],
    help: '1 while the state that all replicas share answers, by process; none where nothing is shared',
  },
  yitong_state_age_seconds: {
    type: 'gauge',
    labels: ['process'],
    help: 'for how long it has not answered, by process; 0 while it does',
  },
  yitong_state_hears: {
    type: 'gauge',
    labels: ['process'],
    help: '1 while commits of others are heard of at once, by process; without it they are asked for each second',
  },
  yitong_suspensions_age_seconds: {
    type: 'gauge',
    labels: ['process'],
    help: 'time since the process knew all that is suspended on any replica',
  },
  yitong_applied_grants_age_seconds: {
    type: 'gauge',
    labels: ['process'],
    help: 'time since the process knew all grants that applications made and ended on any replica',
  },
  yitong_erasures_age_seconds: {
    type: 'gauge',
    labels: ['of'],
    help: 'for how long the oldest erasure of all replicas waits: for `this` replica, for `any`; 0 where none waits',
  },
  yitong_subscriptions_behind_seconds: {
    type: 'gauge',
    labels: ['client', 'way'],
    help:
      'for how long the oldest change waits for a webhook or a topic that does not take it, or at most for a client ' +
      'that polls, by client and way; 0 where none waits',
  },
  yitong_notices_waiting_seconds: {
    type: 'gauge',
    labels: ['channel'],
    help: 'for how long the oldest notice waits that nobody takes, by channel (`mail`, `hook`); 0 where none waits',
  },
  yitong_grant_volume_ratio: {
    type: 'gauge',
    labels: ['grant'],
    help: 'share of its calls of this day (Shanghai) that a grant with a volume has used, as its workers know it',
  },
  yitong_dataset_quality_ratio: {
    type: 'gauge',
    labels: ['dataset', 'measure'],
    help:
      'quality of a dataset as it was measured last, 0 to 1: `completeness`, `validity`, `freshness` (1 within the ' +
      'declared frequency), `accepted` (rows that are not held back)',
  },
  yitong_dataset_quality_worries: {
    type: 'gauge',
    labels: ['dataset'],
    help: 'measures of a dataset that are below their mark, or fell below their mean of 30 days',
  },
  yitong_witness_up: {
    type: 'gauge',
    labels: ['witness', 'state'],
    help: '1 where the witness cosigned when it was asked last',
  },
  yitong_alerts_total: { type: 'counter', labels: ['rule'], help: 'alerts raised by the watching rules, by rule' },
  yitong_replica_lag_entries: {
    type: 'gauge',
    labels: ['replica'],
    help: 'entries durable on another replica that are not here',
  },
  yitong_replica_age_seconds: {
    type: 'gauge',
    labels: ['replica'],
    help: 'time since the journals of another replica were copied last',
  },
  yitong_replica_up: {
    type: 'gauge',
    labels: ['replica', 'state'],
    help: '1 where the journals of the other replica are followed',
  },
  yitong_sequencer_asked_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'on a replica that does not sequence: time since the sequencer asked for its journals',
  },
  yitong_sequencer_elected: {
    type: 'gauge',
    labels: [],
    help: 'where replicas elect who sequences: 1 where it is this one',
  },
  yitong_sequencer_lease_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'where replicas elect who sequences: time since any of them was known to hold the lease',
  },
  yitong_log_copy_age_seconds: {
    type: 'gauge',
    labels: ['replica'],
    help: 'where replicas elect who sequences: time since the copy of the log at another replica was whole',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const witnesses = {
  yitong_witness_cosigned_total: { type: 'counter', labels: ['log'], help: 'checkpoints cosigned, by log' },
  yitong_witness_refused_total: {
    type: 'counter',
    labels: ['log', 'status'],
    help: 'checkpoints not cosigned, by log and HTTP status; 409 is a log that asks from another size, and asks again',
  },
  yitong_witness_suspicions_total: {
    type: 'counter',
    labels: ['log'],
    help: 'checkpoints that show a fork, or a tree that is not proved to have grown, by log',
  },
  yitong_witness_log_entries: {
    type: 'gauge',
    labels: ['log'],
    help: 'entries of the newest checkpoint cosigned, by log',
  },
  yitong_witness_cosigned_timestamp_seconds: {
    type: 'gauge',
    labels: ['log'],
    help: 'when a checkpoint was cosigned last since the start, seconds since 1970, by log',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const inForce = {
  yitong_policies_stale: {
    type: 'gauge',
    labels: [],
    help: '1 while policies, clients, grants or revocation lists on disk are not what is in force',
  },
  yitong_contracts_stale: {
    type: 'gauge',
    labels: [],
    help: '1 while contracts, feeds or yitong.json on disk are not what is in force, because they are refused',
  },
  yitong_crl_seconds_left: {
    type: 'gauge',
    labels: ['anchor'],
    help: 'until nobody of the anchor is let in: nextUpdate and grace of its revocation list; negative afterwards',
  },
  yitong_crl_stage: {
    type: 'gauge',
    labels: ['anchor'],
    help:
      'of the revocation list of an anchor: 0 good, 1 to be renewed soon, 2 nextUpdate is over, 3 within a ' +
      'day nobody is let in, 4 nobody is let in',
  },
  yitong_calendar_seconds_left: {
    type: 'gauge',
    labels: ['calendar'],
    help: 'time that a calendar of working days still covers; negative once it has ended',
  },
  yitong_certificate_seconds_left: {
    type: 'gauge',
    labels: ['certificate'],
    help: 'until a certificate in use is over: of the server, of documents, of the replica port; negative afterwards',
  },
  yitong_certificate_stale: {
    type: 'gauge',
    labels: ['certificate'],
    help: '1 while the certificate or key on disk is not the one in use, because it is not fit',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const data = {
  yitong_bus_up: { type: 'gauge', labels: [], help: '1 while the writer reads the bus' },
  yitong_dataset_status: {
    type: 'gauge',
    labels: ['dataset', 'status'],
    help: '1 for what answers say of the dataset now: current, stale, never-loaded or unavailable',
  },
  yitong_dataset_age_seconds: {
    type: 'gauge',
    labels: ['dataset'],
    help: 'time since the source time of the newest complete reading',
  },
  yitong_dataset_frequency_seconds: {
    type: 'gauge',
    labels: ['dataset'],
    help: 'the update frequency that the contract declares; older is stale',
  },
  yitong_dataset_records: { type: 'gauge', labels: ['dataset'], help: 'records that are current' },
  yitong_dataset_versions: { type: 'gauge', labels: ['dataset'], help: 'versions that are kept' },
  yitong_dataset_poisoned: {
    type: 'gauge',
    labels: ['dataset'],
    help: 'records of the topic that cannot be decoded and were set aside',
  },
  yitong_dataset_incomplete: {
    type: 'gauge',
    labels: ['dataset'],
    help: '1 where the bus no longer had all records when the view was built',
  },
  yitong_view_lag_seconds: {
    type: 'gauge',
    labels: ['dataset'],
    help: 'age of the moment up to which all that the bus took is in the view; about 2 while it follows',
  },
  yitong_view_bytes: { type: 'gauge', labels: [], help: 'bytes of the view on disk' },
  yitong_quarantine_rows: { type: 'gauge', labels: ['dataset'], help: 'rows that wait in quarantine, by dataset' },
  yitong_spool_records: { type: 'gauge', labels: [], help: 'pushed records that wait on disk for the bus' },
  yitong_spool_bytes: { type: 'gauge', labels: [], help: 'bytes of pushed records that wait on disk for the bus' },
  yitong_spool_age_seconds: { type: 'gauge', labels: [], help: 'how long the oldest of them has waited' },
  yitong_spool_limit_bytes: { type: 'gauge', labels: [], help: 'size at which the spool is full' },
  yitong_store_used_bytes: {
    type: 'gauge',
    labels: ['store'],
    help: 'bytes in a store whose size can be limited, by store; what its file has free is not among them',
  },
  yitong_store_limit_bytes: {
    type: 'gauge',
    labels: ['store'],
    help: 'bytes that the settings allow in a store, by store; none where only the disk limits it',
  },
  yitong_data_part_bytes: {
    type: 'gauge',
    labels: ['kind'],
    help: 'bytes on disk of what grows in the data folder, by kind; looked at once a minute',
  },
  yitong_housekeeping_age_seconds: {
    type: 'gauge',
    labels: ['kind'],
    help: 'time since what is past its term was looked for, and went, by kind',
  },
  yitong_housekeeping_gone_total: {
    type: 'counter',
    labels: ['kind'],
    help: 'what went since its term was over, by kind',
  },
  yitong_journal_given_back_bytes_total: {
    type: 'counter',
    labels: [],
    help: 'bytes of journal segments that were given back to the disk since the writer started',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const feeds = {
  yitong_feed_rows_total: {
    type: 'counter',
    labels: ['feed', 'outcome'],
    help: 'rows read, by feed and what became of them; their sum is all that was read',
  },
  yitong_feed_withdrawn_total: {
    type: 'counter',
    labels: ['feed'],
    help: 'records withdrawn because they left a snapshot, by feed',
  },
  yitong_feed_quarantined_total: {
    type: 'counter',
    labels: ['feed', 'code'],
    help: 'rows put into quarantine, by feed and code of docs/errors.md',
  },
  yitong_feed_runs_total: { type: 'counter', labels: ['feed', 'state'], help: 'runs that ended, by feed and how' },
  yitong_feed_state: {
    type: 'gauge',
    labels: ['feed', 'state'],
    help: '1 for what the feed does: starting until its first run is done, then how the last run ended',
  },
  yitong_feed_failing_seconds: {
    type: 'gauge',
    labels: ['feed'],
    help: 'for how long runs of the feed have failed; 0 where the last one did not',
  },
  yitong_feed_running_seconds: {
    type: 'gauge',
    labels: ['feed'],
    help: 'for how long the present run goes on; 0 between runs',
  },
  yitong_feed_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['feed'],
    help: 'when a run ended well last, seconds since 1970',
  },
  yitong_feed_last_run_seconds: { type: 'gauge', labels: ['feed'], help: 'how long the last run took' },
  yitong_feed_held_withdrawals: {
    type: 'gauge',
    labels: ['feed'],
    help:
      'records that left their register and stay on record, since rows that cannot be read may be theirs; ' +
      'until somebody releases them or the rows are mended',
  },
  yitong_feed_backlog_bytes: {
    type: 'gauge',
    labels: ['feed'],
    help: 'what the source must keep until the feed has read it (the write-ahead log of a database)',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const documents = {
  yitong_tickets_open: {
    type: 'gauge',
    labels: ['lifecycle', 'state'],
    help: 'tickets that are not over, by lifecycle and state',
  },
  yitong_clocks_over: {
    type: 'gauge',
    labels: ['lifecycle', 'clock'],
    help: 'clocks of tickets that run and are over, by lifecycle and clock',
  },
  yitong_tickets_unreadable: {
    type: 'gauge',
    labels: [],
    help: 'tickets whose events their lifecycle does not know any more; what they do to records holds',
  },
  yitong_tickets_age_seconds: {
    type: 'gauge',
    labels: [],
    help:
      'time since all that tickets do to records, and which are under correction, was known; what was known before ' +
      'holds meanwhile',
  },
  yitong_cases_waiting: {
    type: 'gauge',
    labels: ['authority', 'bundle', 'group'],
    help:
      'items and tasks of cases that wait for an authority (`held`), supplements that wait for who applies ' +
      '(`asked`), low ratings that wait for an answer (`answer`)',
  },
  yitong_case_calls_age_seconds: {
    type: 'gauge',
    labels: ['authority'],
    help: 'for how long the oldest call for a person waits for an answer, by the authority that leads the matter',
  },
  yitong_cases_over: {
    type: 'gauge',
    labels: ['authority', 'bundle'],
    help: 'of these, how many are past their term',
  },
  yitong_regions_total: {
    type: 'counter',
    labels: ['region', 'way', 'outcome'],
    help: 'questions and items of cases to other regions (`out`) and from them (`in`), by what became of them',
  },
  yitong_region_answered_timestamp_seconds: {
    type: 'gauge',
    labels: ['region'],
    help: 'when the region answered last, seconds since 1970',
  },
  yitong_region_errands_waiting: {
    type: 'gauge',
    labels: ['region'],
    help: 'items of cases, and what was done on them, that wait to be brought to the region',
  },
  yitong_region_errands_age_seconds: {
    type: 'gauge',
    labels: ['region'],
    help: 'for how long the oldest of them waits',
  },
  yitong_reports_issued: { type: 'gauge', labels: [], help: 'reports issued since the data folder was made' },
  yitong_certificates_replaced: { type: 'gauge', labels: [], help: 'domains times companies of those reports' },
  yitong_documents_verified: {
    type: 'gauge',
    labels: ['outcome'],
    help: 'verifications since the data folder was made, by what they found',
  },
} as const satisfies Readonly<Record<string, Metric>>;

/** By part of docs/metrics.md. */
export const metricParts = { programs, requests, journal, witnesses, inForce, data, feeds, documents };

const metrics = { ...programs, ...requests, ...journal, ...witnesses, ...inForce, ...data, ...feeds, ...documents };
type MetricName = keyof typeof metrics;
/** Names of the metrics of a type. */
export type MetricOf<Type extends Metric['type']> = {
  readonly [Name in MetricName]: (typeof metrics)[Name]['type'] extends Type ? Name : never;
}[MetricName];
/** The labels that each sample of a metric has. */
export type LabelOf<Name extends MetricName> = (typeof metrics)[Name]['labels'][number];
export const metricTable: Readonly<Record<MetricName, Metric>> = metrics;

/** A metric as prom-client wants it declared. */
export function promOf<Name extends MetricName>(
  name: Name,
): { readonly name: Name; readonly help: string; readonly labelNames: LabelOf<Name>[] } {
  const { labels, help } = metrics[name];
  return { name, help, labelNames: [...labels] };
}

/**
 * What a worker counts where it answers: one addition, no look-up, on the way of a query. Labels are ids of the
 * workspace and codes of tables, never anything that a request brought.
 */
import type { ErrorCode } from '../../../contracts/errors.js';
import type { Decision } from '../../../policies/types.js';
import { type Cell, cells, type Family, gauge } from './families.js';

const decisions = cells('yitong_decisions_total');
const errors = cells('yitong_errors_total');
const clients = cells('yitong_client_requests_total');
const rows = cells('yitong_pushed_records_total');
const handshakes = cells('yitong_tls_failures_total');

const cuts = cells('yitong_connections_cut_total');
const guided = cells('yitong_guide_answers_total');
const turns = cells('yitong_guide_turns_total');
const models = cells('yitong_guide_model_total');
const regions = cells('yitong_regions_total');
/** By region, seconds since 1970. */
const answeredAt = new Map<string, number>();

const byCode = new Map<ErrorCode, Cell>();

/** An answer with this code of the error table is sent. */
export function countError(code: ErrorCode): void {
  let cell = byCode.get(code);
  if (cell === undefined) byCode.set(code, (cell = errors.cell({ code })));
  cell.n++;
}

/** Where a decision is counted. @param dataset of the workspace, or the one word for those that it does not know */
export const decided = (dataset: string, { effect, reasons }: Pick<Decision, 'effect' | 'reasons'>): Cell =>
  decisions.cell({ dataset, effect, reason: effect === 'allow' ? '' : (reasons[0]?.code ?? 'not_granted') });

/** Counts in all of the cells whenever the function is used. */
export const counted =
  <Parts, Made>(make: (parts: Parts) => Made, of: readonly Cell[]): ((parts: Parts) => Made) =>
  (parts) => {
    for (const cell of of) cell.n++;
    return make(parts);
  };

const byClient = new Map<string, Cell>();

/** @param client of the policies: that is what bounds the label */
export function countClient(client: string): void {
  let cell = byClient.get(client);
  if (cell === undefined) byClient.set(client, (cell = clients.cell({ client })));
  cell.n++;
}

export function countPushed(dataset: string, status: string, count: number): void {
  if (count > 0) rows.cell({ dataset, outcome: status }).n += count;
}

export function countHandshake(port: 'api' | 'people'): void {
  handshakes.cell({ port }).n++;
}

export function countCut(port: 'api' | 'people', limit: 'unasked' | 'address' | 'open'): void {
  cuts.cell({ port, limit }).n++;
}

export function countGuided(outcome: 'named' | 'unsure' | 'off-topic'): void {
  guided.cell({ outcome }).n++;
}

const byTurn = new Map<string, Cell>();
/** @param bundle of the workspace: that is what bounds the label */
export function countTurn(
  bundle: string,
  outcome: 'asked' | 'answered' | 'not-understood' | 'handed-over' | 'submitted',
): void {
  const at = `${outcome} ${bundle}`;
  let cell = byTurn.get(at);
  if (cell === undefined) byTurn.set(at, (cell = turns.cell({ bundle, outcome })));
  cell.n++;
}

/** What became of a question to the guide's model. */
export type ModelOutcome = 'taken' | 'not-taken' | 'late' | 'failed';
export function countModel(outcome: ModelOutcome): void {
  models.cell({ outcome }).n++;
}

/**
 * @param region of the policies: that is what bounds the label
 * @param outcome a step of its entry in the log
 */
export function countRegion(region: string, way: 'out' | 'in', outcome: string, now: number): void {
  regions.cell({ region, way, outcome }).n++;
  if (way === 'out' && outcome !== 'unavailable' && outcome !== 'denied') answeredAt.set(region, now / 1000);
}

export const countedFigures = (): Family[] => [
  ...[decisions, errors, clients, rows, handshakes, cuts, guided, turns, models, regions].map((each) => each.family()),
  gauge(
    'yitong_region_answered_timestamp_seconds',
    [...answeredAt].map(([region, at]) => [{ region }, at] as const),
    'max',
  ),
];

/** What somebody sent from these pages, as it is meant; what cannot be taken is said beside its field. */

import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Delivery } from '../../../../contracts/types.js';
import type { ReleaseAs } from '../../../../policies/types.js';
import { deliveryNames, formNames } from '../../../../policies/words.js';
import type { Application, AskedDataset, Reply } from '../../../procedures/sharing/application.js';
import { formFault } from '../../plugins/forms.js';
import type { AskedDataset as ShownDataset } from './views.js';

export type Sent = Readonly<Record<string, string | readonly string[]>>;

export const text = (value: Sent[string] | undefined): string => (typeof value === 'string' ? value.trim() : '');
export const several = (value: Sent[string] | undefined): readonly string[] =>
  typeof value === 'string' ? (value === '' ? [] : [value]) : (value ?? []);

const isDelivery = (one: string): one is Delivery => Object.hasOwn(deliveryNames, one);
const isForm = (one: string): one is ReleaseAs => Object.hasOwn(formNames, one);
const DAY = /^\d{4}-\d\d-\d\d$/;
/** Undefined where nothing was said. */
const orNothing = (value: string): string | undefined => (value === '' ? undefined : value);

/** What the form is understood by. */
interface FormGround {
  readonly knows: (dataset: string, path: string) => boolean;
  readonly bases: readonly string[];
  /** Own clients. */
  readonly systems: readonly string[];
  /** `2026-03-31` */
  readonly today: string;
}

class Reading {
  readonly faults: Record<string, Localised> = {};
  constructor(
    private readonly body: Sent,
    private readonly ground: FormGround,
  ) {}

  #text(name: string, most = 2000): string {
    return text(this.body[name]).slice(0, most);
  }

  #day(name: string): string | undefined {
    const value = this.#text(name);
    if (value === '') return undefined;
    if (DAY.test(value) && !Number.isNaN(Date.parse(value))) return value;
    this.faults[name] = { zh: '请按年-月-日填写日期。', en: 'Write the day as 2026-03-31.' };
    return undefined;
  }

  #count(name: string): number | undefined {
    const value = this.#text(name, 20).replaceAll(/[,，\s]/g, '');
    if (value === '') return undefined;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    this.faults[name] = { zh: '请填写正整数。', en: 'Write a whole number above 0.' };
    return undefined;
  }

  #rows(at: number, dataset: string): AskedDataset['rows'] {
    const field = this.#text(`areaField.${at}`);
    if (field === '' || !this.ground.knows(dataset, field)) return { all: true };
    const areas = [...new Set(this.#text(`areas.${at}`).split(/[\s,，、]+/))].filter((one) => one !== '');
    if (areas.length > 0 && areas.every((one) => /^\d{2,12}$/.test(one))) return { area: { field, areas } };
    this.faults[`areas.${at}`] = { zh: '请填写区域代码，用空格隔开。', en: 'Name area codes, with blanks between.' };
    return undefined;
  }

  part(before: AskedDataset, at: number): AskedDataset {
    // what the form does not ask stays as it was
    const { dataset, requires, subjectNotice, signals } = before;
    const from = this.#day(`from.${at}`);
    const until = this.#day(`until.${at}`);
    if (until !== undefined && from !== undefined && until < from)
      this.faults[`until.${at}`] = { zh: '截止日期不能早于起始日期。', en: 'It ends before it begins.' };
    else if (until !== undefined && until < this.ground.today)
      this.faults[`until.${at}`] = { zh: '截止日期已过。', en: 'That day is over.' };
    return {
      dataset,
      fields: several(this.body[`pick.${at}`])
        .filter((path) => this.ground.knows(dataset, path))
        .map((path) => {
          const as = this.#text(`as.${at}.${path}`);
          return {
            path,
            as: isForm(as) ? as : ('value' as const),
            ...present({ reason: orNothing(this.#text(`why.${at}.${path}`, 300)) }),
          };
        }),
      ...present({
        rows: this.#rows(at, dataset),
        frequency: orNothing(this.#text(`frequency.${at}`, 60)),
        callsADay: this.#count(`callsADay.${at}`),
        batchLimit: this.#count(`batchLimit.${at}`),
        from,
        until,
        requires,
        subjectNotice,
        signals,
      }),
      delivery: several(this.body[`delivery.${at}`]).filter(isDelivery),
      systems: several(this.body['systems']).filter((one) => this.ground.systems.includes(one)),
      contractors: this.#text('contractors', 600)
        .split(/[、;；\n]+/)
        .map((one) => one.trim().slice(0, 200))
        .filter((one) => one !== ''),
    };
  }

  whole(before: Application): Application {
    return {
      ...present({
        purposes: before.purposes,
        item: orNothing(this.#text('item', 60)),
        scenario: orNothing(this.#text('scenario')),
        necessity: orNothing(this.#text('necessity')),
      }),
      basis: several(this.body['basis']).filter((one) => this.ground.bases.includes(one)),
      truthful: several(this.body['truthful']).includes('yes'),
      contact: present({
        office: orNothing(this.#text('office', 200)),
        phone: orNothing(this.#text('phone', 60)),
      }),
      datasets: before.datasets.map((part, at) => this.part(part, at)),
    };
  }
}

/** @throws YitongError with what cannot be taken, beside its field; what is only missing is told on the page */
export function applicationOf(body: Sent, before: Application, ground: FormGround): Application {
  const reading = new Reading(body, ground);
  const application = reading.whole(before);
  if (Object.keys(reading.faults).length > 0) throw formFault(reading.faults, 'act_incomplete');
  return application;
}

/** Each field is answered; a refusal says why, and what is wrong stands beside its field. */
export function replyOf(body: Sent, { fields, conditions }: Pick<ShownDataset, 'fields' | 'conditions'>): Reply {
  const faults: Record<string, Localised> = {};
  const answers = fields.map(({ path, title }): Reply['fields'][number] => {
    const decision = text(body[`decide.${path}`]);
    const reason = text(body[`because.${path}`]).slice(0, 1000);
    if (decision !== 'agree' && decision !== 'refuse')
      faults[`decide.${path}`] = { zh: `请答复“${title.zh}”。`, en: `Answer ${title.en}.` };
    if (decision === 'refuse' && reason.length < 4)
      faults[`because.${path}`] = {
        zh: `请写明不同意提供“${title.zh}”的理由。`,
        en: `Say why ${title.en} is refused.`,
      };
    return decision === 'refuse' ? { path, decision, reason } : { path, decision: 'agree' };
  });
  if (Object.keys(faults).length > 0) throw formFault(faults, 'act_incomplete');
  const note = text(body['note']).slice(0, 2000);
  return {
    fields: answers,
    ...(conditions === undefined ? {} : { conditions: ['scope', 'use'] as const }),
    ...(note === '' ? {} : { note }),
  };
}

/**
 * A city for those who apply: a system of each authority decides over the API, and companies of which registers say
 * what a matter needs are found by asking as the counter does.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import type { Client } from '../../../gateway/client/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type City, city, cli } from '../../e2e/city.js';
import { chromiumForTest, type Desk, launch, signIn } from './browser.js';

export const PERSON = 'cn-id:11010519491231002X';

export interface ApplyingCity {
  readonly town: City;
  /** Signs in who speaks for these subjects; without one whoever comes to the pages that everybody sees. */
  readonly as: (person?: string) => Promise<Desk>;
  /** The system of an authority. */
  readonly officer: (authority: string) => Promise<Client>;
}

interface More {
  /** Sections of `yitong.json`. */
  readonly settings?: Readonly<Record<string, object>>;
  /** id → authority */
  readonly officers?: Readonly<Record<string, string>>;
}

/** Undefined where there is no Chromium. @param people id → subjects for whom they speak */
export async function applyingCity(
  t: Test,
  people: Readonly<Record<string, readonly string[]>>,
  { settings = {}, officers: decide = {} }: More = {},
): Promise<ApplyingCity | undefined> {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return undefined;
  const workspace = join(t.testdir(), 'yunzhou');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const put = (path: string, content: unknown): void => {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), JSON.stringify(content));
  };
  const own = JSON.parse(readFileSync(join(workspace, 'yitong.json'), 'utf8')) as object;
  const reference = JSON.parse(readFileSync(join(packageRoot(), 'yitong.json'), 'utf8')) as {
    readonly synthetic: object;
    readonly gateway: object;
  };
  put('yitong.json', { ...own, synthetic: reference.synthetic, gateway: reference.gateway, ...settings });
  put('policies/people.json', [
    ...Object.entries(people).map(([id, subjects]) => ({
      id,
      name: '申请人',
      roles: ['subject'],
      subjects,
      note: { zh: '办理一件事', en: 'applies' },
    })),
    ...Object.entries(decide).map(([id, authority]) => ({
      id,
      name: '经办人',
      roles: ['case-officer'],
      authority,
      note: { zh: '经办', en: 'decides' },
    })),
  ]);
  const { authorities } = await loadWorkspace(packageRoot());
  for (const [authority] of authorities)
    put(`policies/clients/officer-${authority}.json`, {
      authority,
      name: { zh: '审批系统', en: 'Decisions' },
      identity: { spiffe: `spiffe://yunzhou.example/client/officer-${authority}` },
      status: 'active',
    });
  const town = await city(t, { workspace, args: ['--day', '300'], env: { YITONG_GATEWAY_WORKERS: '1' } });
  const browser = await launch(t, chromium);
  const officers = new Map<string, Promise<Client>>();
  return {
    town,
    as: (person) => signIn(browser, town.people, person),
    officer(authority) {
      const known = officers.get(authority) ?? town.as(`officer-${authority}`);
      officers.set(authority, known);
      return known;
    },
  };
}

/** All of a page that can be read. */
export const words = (page: Page): Promise<string> => page.evaluate<string>("document.querySelector('main').innerText");

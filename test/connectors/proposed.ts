/** Invented registers for `feed new`, and what it says of one under `--json`. */

import cnId from '../../contracts/subjects/cn-id.js';
import uscc from '../../contracts/subjects/uscc.js';
import { makeWorkbook, row } from './workbook.js';

export interface Told {
  readonly dataset: string;
  readonly written: boolean;
  readonly trial: {
    readonly rows: number;
    readonly published: number;
    readonly merged: number;
    readonly quarantined: number;
    readonly skipped: number;
    readonly refused: readonly { readonly field: string; readonly code: string; readonly rows: number }[];
  };
  readonly fields: readonly {
    readonly column: string;
    readonly field: string;
    readonly type: { readonly kind: string };
    readonly classification: string;
    readonly hints: readonly string[];
  }[];
  readonly files: Readonly<Record<string, unknown>>;
  readonly undo: readonly string[];
  /** What is proposed about something; empty if nothing is. */
  of(about: string): string;
  reason(about: string): string;
  readonly open: readonly string[];
  /** Of the first row, `uscc:…`. */
  readonly subject: string;
}

interface Said extends Omit<Told, 'of' | 'reason' | 'open' | 'subject' | 'trial'> {
  readonly decisions: readonly {
    readonly about: string;
    readonly proposed: string;
    readonly sure: boolean;
    readonly reason: string;
  }[];
  readonly trial: Told['trial'] & { readonly first: readonly Readonly<Record<string, unknown>>[] };
}

export function toldOf(stdout: string): Told {
  const said = JSON.parse(stdout) as Said;
  const contract = Object.entries(said.files).find(([path]) => path.endsWith('contract.json'))?.[1] as {
    readonly subject: { readonly scheme: string; readonly field: string };
  };
  const about = (what: string) => said.decisions.find((decision) => decision.about === what);
  return {
    ...said,
    of: (what) => about(what)?.proposed ?? '',
    reason: (what) => about(what)?.reason ?? '',
    open: said.decisions.filter(({ sure }) => !sure).map((decision) => decision.about),
    subject: `${contract.subject.scheme}:${String(said.trial.first[0]?.[contract.subject.field])}`,
  };
}

const day = (n: number): string => new Date(Date.UTC(2015, 0, 1 + (n % 3000))).toISOString().slice(0, 10);
const surnames = '王李张刘陈杨黄赵吴周';

/**
 * Firms with their representatives: a register as an office keeps it, 2 rows with a wrong code, leading zeros, 18
 * digits, dates with slashes.
 */
export function firmsCsv(rows: number): string {
  const lines = [
    '统一社会信用代码,企业名称,法定代表人,身份证号,联系电话,成立日期,注册资本（万元）,邮政编码,经营地址,风险提示,窗口流水',
  ];
  for (let i = 1; i <= rows; i++) {
    const code = uscc.make(i);
    const wrong = `${code.slice(0, 17)}${code.endsWith('A') ? 'B' : 'A'}`;
    lines.push(
      [
        i % 50 === 7 ? wrong : code,
        `示例第${i}商贸有限公司`,
        `${surnames[i % 10] ?? '王'}某某`,
        cnId.make(i),
        `138${String(10_000_000 + i)}`,
        day(i).replaceAll('-', '/'),
        i % 9 === 0 ? 'N/A' : `"${(i * 1000).toLocaleString('en')}.50"`,
        String(i % 7).padStart(6, '0'),
        `示例市东湖区第${i}路`,
        i % 3 === 0 ? '无' : '',
        String(900_000_000_000_000_000n + BigInt(i)),
      ].join(','),
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A title, an empty row, then permits, some firms with two. */
export function permitsWorkbook(permits: number): Uint8Array {
  const rows = [
    row('2026年许可证台账'),
    row('许可证编号', '统一社会信用代码', '企业名称', '发证日期', '有效期至', '座位数'),
  ];
  for (let i = 1; i <= permits; i++)
    rows.push(
      row(
        `XK-2026-${String(i).padStart(5, '0')}`,
        uscc.make(Math.ceil(i / 1.5)),
        `示例第${Math.ceil(i / 1.5)}餐饮店`,
        day(i),
        day(i + 1000),
        10 + (i % 90),
      ),
    );
  return makeWorkbook({ sheets: { 说明: row('本表由窗口维护'), 台账: rows.join('') } });
}

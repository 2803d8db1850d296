/** The risk of an application for its provider, in figures and names. It decides nothing. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { counted, sayIn } from '../../ui/say.js';
import type { Risk } from './risk.js';
import { ClassMark, levels, Mark } from './words.js';

const numeral = (n: number): string => n.toLocaleString('en');
const MOST = 12;

export function RiskCard({ risk, language }: { readonly risk: Risk; readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  const { level, classes, records, persons, limited, held, together, alike, unusual, calls } = risk;
  const join = (titles: readonly Localised[]): string =>
    titles
      .slice(0, MOST)
      .map((one) => one[language])
      .join(say('、', ', ')) +
    (titles.length > MOST ? say(`等 ${titles.length} 项`, ` and ${titles.length - MOST} more`) : '');
  return (
    <div class="risk">
      <div class="head">
        <h3>{say('提供风险', 'Risk')}</h3>
        <Mark of={levels[level]} language={language} />
      </div>
      <dl class="facts flat">
        <dt>{say('分级', 'Classes')}</dt>
        <dd>
          {classes.map(([one, titles]) => (
            <span class="plain" key={one}>
              <ClassMark of={one} language={language} /> {join(titles)}
            </span>
          ))}
        </dd>
        <dt>{say('涉及主体', 'Subjects')}</dt>
        <dd>
          {limited
            ? say(`全部 ${numeral(records)} 条记录中的一部分`, `some of ${numeral(records)} records`)
            : say(`可达全部 ${numeral(records)} 条记录`, `all of ${counted(records, 'record')}`)}
          {persons ? say('，主体是自然人', ', of natural persons') : ''}
        </dd>
        <dt>{say('申请单位已持有', 'Held already')}</dt>
        <dd>
          {held.length === 0
            ? say('没有同类主体的其他数据', 'nothing of such subjects')
            : say(`同类主体的 ${held.length} 项授权：`, `${counted(held.length, 'grant')} of such subjects: `) +
              join([...new Map(held.map(({ dataset }) => [dataset.zh, dataset])).values()])}
        </dd>
        {together.length === 0 ? null : (
          <>
            <dt>{say('合在一起可知', 'Both together tell')}</dt>
            <dd>
              <b>{join(together)}</b>
            </dd>
          </>
        )}
        <dt>{say('同类授权', 'Grants alike')}</dt>
        <dd>
          {alike.length === 0
            ? say('没有，这是该数据集的首个授权', 'none: it would be the first')
            : alike.slice(0, 4).map(({ client, fields, samePurpose, grant }) => (
                <span class="plain" key={grant.id}>
                  {client[language]} · {say(`${fields} 个字段`, counted(fields, 'field'))}
                  {samePurpose ? say(' · 同一用途', ' · same purpose') : ''}
                </span>
              ))}
          {alike.length > 4 ? say(`共 ${alike.length} 项`, `${alike.length} in all`) : null}
        </dd>
        {unusual.length === 0 || alike.length === 0 ? null : (
          <>
            <dt>{say('其他应用均没有的字段', 'Fields that nobody else has')}</dt>
            <dd>{join(unusual)}</dd>
          </>
        )}
        <dt>{say('每日调用', 'Calls a day')}</dt>
        <dd>
          <span class="plain">
            {say(`本次申请 ${numeral(calls.asked)} 次`, `asks ${numeral(calls.asked)}`)}
            {calls.perClient === undefined
              ? ''
              : say(
                  `；单个应用阈值 ${numeral(calls.perClient)} 次`,
                  `; threshold of one client ${numeral(calls.perClient)}`,
                )}
            {calls.total === undefined
              ? ''
              : say(`；合计阈值 ${numeral(calls.total)} 次`, `; of all ${numeral(calls.total)}`)}
            {calls.perClient === undefined && calls.total === undefined
              ? say('；该数据集未设阈值', '; no threshold is set')
              : ''}
          </span>
          <span class="plain">
            {calls.own.grants === 0
              ? say('申请单位尚无该数据集的授权', 'the applicant has no grant of it')
              : say(
                  `申请单位已有 ${calls.own.grants} 项授权，合计 ${numeral(calls.own.calls)} 次`,
                  `the applicant has ${calls.own.grants} grants, ${numeral(calls.own.calls)} in all`,
                )}
            {calls.own.grants === 0 || calls.own.used === undefined
              ? ''
              : say(`，今日已用 ${numeral(calls.own.used)} 次`, `, used today ${numeral(calls.own.used)}`)}
          </span>
          <span class="plain">
            {say(`全部授权合计 ${numeral(calls.granted)} 次`, `all grants ${numeral(calls.granted)}`)}
            {calls.open > 0 ? say(`，另有 ${calls.open} 项未约定调用量`, `, and ${calls.open} without a volume`) : ''}
          </span>
          {calls.beyond ? (
            <span class="state bad">{say('超过阈值，须人工审核', 'beyond: a person decides')}</span>
          ) : null}
        </dd>
      </dl>
    </div>
  );
}

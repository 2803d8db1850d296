/** All grants of one system: what stands, what was stopped, and both changed together by one reason. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Client } from '../../../../policies/types.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Form, PicksField, ReasonField } from '../../ui/form.js';
import { counted, type Say, sayIn } from '../../ui/say.js';
import { type GrantSummary, StateOfGrant } from './grants.js';

interface OfClientProps {
  readonly language: Language;
  readonly client: Client;
  readonly authority: Localised;
  readonly grants: readonly GrantSummary[];
  /** Those that their own file suspends. */
  readonly byFile: ReadonlySet<string>;
  /** Those that were suspended together last. */
  readonly together: ReadonlySet<string>;
  /** How many this process refuses already. */
  readonly refused: number;
  readonly names: Names;
}

function Together({
  action,
  of,
  chosen,
  props: { language, client, names },
  say,
}: {
  readonly action: 'suspend' | 'resume';
  readonly of: readonly GrantSummary[];
  readonly chosen: readonly string[];
  readonly props: OfClientProps;
  readonly say: Say;
}): JSX.Element {
  const stops = action === 'suspend';
  return (
    <div class="card pad">
      <Form action={`/console/grants/clients/${client.id}/${action}`} class="many-grants">
        <div class="row">
          <ReasonField
            class="grow"
            label={
              stops
                ? say(
                    '暂停理由（记入日志，数秒内对所有请求生效）',
                    'Why (goes on record; counts for every request within seconds)',
                  )
                : say('恢复理由（记入日志）', 'Why they may go on (goes on record)')
            }
          />
          <button class={`button low ${stops ? 'danger' : ''}`} type="submit">
            {stops ? say('暂停勾选的授权', 'Suspend those picked') : say('恢复勾选的授权', 'Resume those picked')}
          </button>
        </div>
        <PicksField
          name="grant"
          label={say(
            `${of.length} 项${stops ? '有效' : '已暂停'}授权，已勾选 ${chosen.length} 项`,
            `${of.length} ${stops ? 'in force' : 'suspended'}, ${chosen.length} picked`,
          )}
          value={chosen}
          options={of.map(({ grant, dataset, last }) => ({
            value: grant.id,
            title: dataset[language],
            hint: [
              grant.purposes.map((id) => names.purpose(id)).join(say('、', ', ')),
              last === undefined
                ? say('近期未使用', 'not used lately')
                : say(`${localMinute(last)} 用过`, localMinute(last)),
            ].join(say('；', '; ')),
          }))}
        />
      </Form>
    </div>
  );
}

export function ofClientPage(props: OfClientProps): JSX.Element {
  const { language, client, authority, grants, byFile, together, refused } = props;
  const say = sayIn(language);
  const standing = grants.filter(({ state }) => state === 'active' || state === 'not-begun');
  const stopped = grants.filter(({ state }) => state === 'suspended');
  const resumable = stopped.filter(({ grant }) => !byFile.has(grant.id));
  const over = grants.length - standing.length - stopped.length;
  return (
    <>
      <p class="foot">
        <a href="/console/grants">{say('← 共享授权', '← Grants')}</a>
      </p>
      <div class="head">
        <h1>{client.name[language]}</h1>
        {standing.length > 0 ? (
          <StateOfGrant state="active" language={language} />
        ) : stopped.length > 0 ? (
          <StateOfGrant state="suspended" language={language} />
        ) : null}
      </div>
      <p class="lead">
        {say(
          `${authority.zh}的应用，共 ${grants.length} 项授权：有效 ${standing.length} 项，已暂停 ${stopped.length} 项` +
            `${over === 0 ? '' : `，已到期 ${over} 项`}。`,
          `A system of ${authority.en} with ${counted(grants.length, 'grant')}: ${standing.length} in force, ` +
            `${stopped.length} suspended${over === 0 ? '' : `, ${over} ended`}.`,
        )}
      </p>
      {stopped.length === 0 ? null : (
        <p class={`notice ${standing.length === 0 ? 'bad' : 'warn'}`} role="status">
          {refused < stopped.length
            ? say(
                '暂停数秒内生效，请刷新本页确认。',
                'The suspension counts within seconds: load this page again to be sure.',
              )
            : standing.length === 0
              ? say(
                  '已全部停用：该应用没有一项有效授权，任何取数请求都会被拒绝。',
                  'All is stopped: nothing is granted to this system, and whatever it asks is refused.',
                )
              : say(
                  `已暂停的 ${stopped.length} 项均已生效；其余 ${standing.length} 项仍可使用。`,
                  `The ${stopped.length} that are suspended are refused; the other ${standing.length} go on.`,
                )}
        </p>
      )}
      {grants.length === 0 ? (
        <div class="card">
          <p class="empty">{say('该应用没有授权', 'Nothing is granted to this system.')}</p>
        </div>
      ) : null}
      {standing.length === 0 ? null : (
        <>
          <h2>{say('一并暂停', 'Suspend together')}</h2>
          <Together
            action="suspend"
            of={standing}
            chosen={standing.map(({ grant }) => grant.id)}
            props={props}
            say={say}
          />
        </>
      )}
      {resumable.length === 0 ? null : (
        <>
          <h2>{say('一并恢复', 'Resume together')}</h2>
          <Together
            action="resume"
            of={resumable}
            chosen={resumable.map(({ grant }) => grant.id as string).filter((id) => together.has(id))}
            props={props}
            say={say}
          />
        </>
      )}
    </>
  );
}

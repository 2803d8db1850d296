/** The page of the development provider: choose who you are. No password, since nobody real stands here. */

import type { JSX } from 'preact';
import { authorityTitle } from '../../../contracts/authorities.js';
import { keyOf } from '../../../contracts/ids.js';
import { roleNames } from '../../ground/identity/person.js';
import { type FrameProps, page } from '../ui/page.js';
import type { DemoPerson } from './persons.js';

interface ChooseProps extends Pick<FrameProps, 'language'> {
  readonly workspace: FrameProps['workspace'] & Parameters<typeof authorityTitle>[0];
  readonly persons: readonly DemoPerson[];
  readonly uid: string;
}

export function choosePerson({ language, workspace, persons, uid }: ChooseProps): string {
  const zh = language === 'zh';
  const body: JSX.Element = (
    <section>
      <h1>{zh ? '选择身份' : 'Who are you?'}</h1>
      <p class="lead">
        {zh
          ? '本页仅供本机演示使用，无需口令。正式环境使用本市统一身份认证。'
          : 'This is the development identity provider: on this machine only, in a demonstration only, ' +
            "without a password. In production the city's own provider stands here."}
      </p>
      <ul class="choices persons">
        {persons.map(({ id, name, roles, authority, subjects = [], note }) => (
          <li>
            <form method="post" action={`/choose/${uid}/${id}`}>
              <button type="submit" class="person">
                <b>{name}</b>
                <span>
                  {roles.map((role) => roleNames[role][language]).join(zh ? '、' : ', ')}
                  {authority === undefined ? null : ` · ${authorityTitle(workspace, authority, language)}`}
                </span>
                {subjects.length === 0 ? null : (
                  <span class="id">{(zh ? subjects.map((one) => keyOf(one)) : subjects).join(' ')}</span>
                )}
                {note === undefined ? null : <span>{note[language]}</span>}
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
  return page({ language, workspace, title: zh ? '选择身份' : 'Sign in', children: body });
}

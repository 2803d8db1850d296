/** What changed from one version of a contract's schema to the next, in words. */
import type { Contract, FieldInfo, Localised } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';

export interface VersionChange {
  readonly version: number;
  readonly changes: readonly Localised[];
}

function changesOf(before: readonly FieldInfo[], now: readonly FieldInfo[]): readonly Localised[] {
  const old = new Map(before.map((field) => [field.path, field]));
  const current = new Set(now.map(({ path }) => path));
  const added = now.flatMap((field): Localised[] => {
    const was = old.get(field.path);
    const { title, classification, nullable } = field;
    if (was === undefined) return [{ zh: `新增“${title.zh}”`, en: `new: ${title.en}` }];
    const said: Localised[] = [];
    if (was.classification !== classification)
      said.push({
        zh: `“${title.zh}”由${CLASSES[was.classification]}改为${CLASSES[classification]}`,
        en: `${title.en}: ${was.classification} became ${classification}`,
      });
    if (was.nullable !== nullable)
      said.push({
        zh: `“${title.zh}”改为${nullable ? '可以为空' : '必填'}`,
        en: `${title.en} ${nullable ? 'may be empty' : 'is always there'}`,
      });
    if (was.type !== field.type || was.codelist !== field.codelist)
      said.push({ zh: `“${title.zh}”的取值方式有变化`, en: `${title.en} has other values` });
    return said;
  });
  const gone = before
    .filter(({ path }) => !current.has(path))
    .map(({ title }): Localised => ({ zh: `取消“${title.zh}”`, en: `gone: ${title.en}` }));
  return [...added, ...gone];
}

/** Newest first; the first version changed nothing. */
export const versionChanges = ({ versions }: Contract): readonly VersionChange[] =>
  versions
    .map(({ version, fields }, at): VersionChange => {
      const before = versions[at - 1];
      return { version, changes: before === undefined ? [] : changesOf(before.fields, fields) };
    })
    .reverse();

/**
 * GET /v1/bundles[/{bundle}], POST /v1/bundles/{bundle}/merge: matters that take several departments, and the one form
 * of each. Content of the workspace under answers that are not kept: no register is asked, and nobody's data are in it.
 */

import { Type } from 'typebox';
import { authorityNamed } from '../../../../contracts/authorities.js';
import { figuresOf, handedIn } from '../../../../contracts/bundle/figures.js';
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { type MergedField, mergeForm } from '../../../../contracts/bundle/merge.js';
import { type Rule, ruleText } from '../../../../contracts/bundle/rule.js';
import { wrongAnswers } from '../../../../contracts/bundle/situation.js';
import type { Answers, Bundle, Elements, Question } from '../../../../contracts/bundle/types.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Service } from '../../../documents/context.js';
import { unchanging } from '../../plugins/unchanging.js';
import { bundleSchema, listSchema, mergeBody, mergedSchema } from './schema.js';

// answers are objects already; the schemas are for OpenAPI
const serializerCompiler = () => JSON.stringify;
const tags = ['bundles'];

const sometimes = (rule: Rule): { readonly when?: string } => (rule.op === 'always' ? {} : { when: ruleText(rule) });

const authorityOf = (workspace: Workspace, id: string) => ({
  id,
  ...present({ name: authorityNamed(workspace, id)?.name }),
});

const headOf = ({ id, title, summary, authority, applicant }: Bundle, workspace: Workspace) => ({
  id,
  title,
  summary,
  authority: authorityOf(workspace, authority),
  applicant,
});

function questionOf({ id, asks, help, kind, choices, when, mayNotKnow }: Question) {
  const [min, max] = 'min' in kind || 'max' in kind ? [kind.min, kind.max] : [];
  return {
    id,
    asks,
    ...present({ help }),
    type: kind.type,
    ...(choices.size === 0 ? {} : { choices: [...choices].map(([code, title]) => ({ code, title })) }),
    ...present({ min, max }),
    ...sometimes(when.rule),
    mayNotKnow,
  };
}

const whole = (bundle: Bundle, workspace: Workspace) => ({
  ...headOf(bundle, workspace),
  basis: bundle.basis,
  notes: bundle.notes,
  intents: bundle.intents,
  questions: [...bundle.questions.values()].map(questionOf),
  items: [...bundle.items.values()].map(({ id, title, authority, basis, term, when, after, prepared, told, form }) => ({
    id,
    title,
    authority: authorityOf(workspace, authority),
    basis,
    term,
    ...sometimes(when.rule),
    after,
    ...present({ prepared }),
    told,
    form: form.title,
  })),
  materials: [...bundle.materials.values()].map(({ id, title, kind, items, within }) => ({
    id,
    title,
    kind,
    items,
    ...present({ within }),
  })),
  steps: [...bundle.steps.values()].map(({ id, title, uses }) => ({ id, title, uses })),
});

function fieldOf({ element, schema, required, shown, way, forms }: MergedField) {
  return {
    element: element.id,
    title: element.title,
    schema,
    required,
    shown,
    from: way.way,
    ...(way.way === 'register'
      ? { registers: way.sources.map(({ contract, field }) => ({ dataset: contract.id, field })) }
      : {}),
    ...(way.way === 'issued' ? { item: way.item } : {}),
    ...(way.way === 'question' ? { question: way.question } : {}),
    forms: forms.map(({ item, field }) => ({ item, field: field.name })),
  };
}

function mergedOf(bundle: Bundle, elements: Elements, answers: Answers) {
  const merged = mergeForm(bundle, elements, answers);
  const { bundle: id, ...figures } = figuresOf(merged);
  return {
    bundle: id,
    items: merged.items.map(({ item, applies }) => ({ id: item.id, applies })),
    stages: merged.stages,
    questions: merged.questions.map((one) => one.id),
    open: merged.open.map((one) => one.id),
    parts: merged.parts.map(({ group, condition, waitsFor, fields }) => ({
      group: elements.groups.get(group) ?? { zh: group, en: group },
      ...present({ condition }),
      waitsFor,
      fields: fields.map(fieldOf),
    })),
    obstacles: merged.obstacles.map(({ item, requirement: { says, basis }, state, owners }) => ({
      item,
      says,
      basis,
      state,
      owners,
    })),
    materials: merged.materials.map(({ material, needed }) => ({
      id: material.id,
      needed,
      handedIn: handedIn(material),
    })),
    figures,
  };
}

const params = Type.Object({ bundle: Type.String({ maxLength: 200 }) });

const service: Service = {
  port: 'api',
  async register(app, { workspace }) {
    const { bundles, elements } = await bundlesOf(workspace);
    const named = (id: string): Bundle => {
      const bundle = bundles.get(id);
      if (bundle === undefined)
        throw new YitongError('not_found', 'there is no such bundle; GET /v1/bundles lists them');
      return bundle;
    };
    app.get(
      '/v1/bundles',
      {
        schema: {
          operationId: 'bundles',
          summary: 'the matters that can be done in one',
          description: 'Every bundle of the workspace, by id.',
          tags,
          response: { 200: listSchema },
        },
        serializerCompiler,
      },
      unchanging(() => ({
        bundles: [...bundles.values()].map((one) => ({ ...headOf(one, workspace), says: one.intents.says })),
      })),
    );
    app.get<{ Params: { bundle: string } }>(
      '/v1/bundles/:bundle',
      {
        config: { errors: ['not_found'], open: true },
        schema: {
          operationId: 'bundle',
          summary: 'one bundle: questions, items with their terms, materials, steps',
          description: 'Rules are in the language of docs/bundles.md.',
          tags,
          params,
          response: { 200: bundleSchema },
        },
        serializerCompiler,
      },
      (request) => whole(named(request.params.bundle), workspace),
    );
    app.post<{ Params: { bundle: string }; Body: { answers: Answers } }>(
      '/v1/bundles/:bundle/merge',
      {
        config: { errors: ['not_found', 'bad_answers'], open: true },
        schema: {
          operationId: 'mergeBundle',
          summary: 'the one form under some answers',
          description:
            'Which items apply, which fields are asked, and which register fills the others. No register is asked: ' +
            'what one would decide is `unknown`. Answers are not kept.',
          tags,
          params,
          body: mergeBody,
          response: { 200: mergedSchema },
        },
        serializerCompiler,
      },
      (request) => {
        const bundle = named(request.params.bundle);
        const [problem] = wrongAnswers(bundle, request.body.answers);
        if (problem !== undefined) throw new YitongError('bad_answers', problem);
        return mergedOf(bundle, elements, request.body.answers);
      },
    );
  },
};
export default service;

/**
 * No promise of the product is left to itself: one that rejects with nobody looking ends its process, and with it
 * answers that have nothing to do with it. Looked for with the compiler's own types, in statements, after `void`, and
 * in what is given to timers and events.
 */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Expression, type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isAwaitExpression,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isExpressionStatement,
  isFunctionExpression,
  isIdentifier,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isVoidExpression,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
/** Who gives its callback's promise to nobody. */
const LISTENERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);
const LISTENER_METHODS = new Set(['on', 'once', 'addListener', 'addEventListener', 'nextTick', 'forEach']);

/**
 * File → beginnings of what may stand there, since it never rejects, or since somebody else waits for the same promise.
 */
const NEVER_REJECTS: Readonly<Record<string, readonly string[]>> = {
  // the end of a thread is heard by its `exit`
  'gateway/log/journal/journal.ts': ['from.terminate()', 'this.#thread?.terminate()', 'this.#thread.terminate()'],
  // a question to a witness tells its failure itself
  'connectors/publish/outbox.ts': ['this.options.state.putPosition(', 'state.putPosition('],
  'connectors/publish/state.ts': ['this.#track('],
  'gateway/log/witness/gathering.ts': ['one.then(look)'],
  // asked for again and waited for by whoever started the group
  'gateway/cli/commands/gateway.ts': ['group.stop()'],
  'gateway/operate/process/start.ts': ['group.stop()'],
  // Fastify's own parser tells by `done`
  'gateway/http/plugins/errors.ts': ['parse(request, text, done)'],
  // a count tells its failure itself
  'gateway/operate/process/case-terms.ts': ['this.look()'],
  // what fails is told once, and its age tells
  'gateway/procedures/catalogue/watch.ts': ['this.look()'],
  // each job of it has a catch of its own
  'gateway/operate/process/housekeeping.ts': ['this.look()'],
  'gateway/log/verify/replay.ts': ['tell('],
  'gateway/operate/process/replace-processes.ts': ['this.#leave('],
  'gateway/operate/process/log-watching.ts': ['this.#lookAtKeys()', 'this.#clocksInTurn()'],
  'gateway/documents/compliance/state-store.ts': ['sweep(now())'],
  'gateway/documents/reports/desk.ts': ['this.#sweep()'],
  'gateway/procedures/lifecycles/tickets.ts': ['this.#look()'],
  'gateway/documents/reports/watching.ts': ['this.round()'],
  'gateway/ground/sockets/linger.ts': ['dropped(request)'],
  // a server that does not answer is told as away
  'gateway/answer/view/postgres/reader.ts': ['look()'],
  // whoever waits for a connection or a commit is told what becomes of it
  'gateway/ground/state/postgres/listening.ts': ['this.#listen()', 'work()'],
  'gateway/ground/state/postgres/pool.ts': ['this.#open()'],
  'gateway/ground/state/postgres/commits.ts': ['this.#sendAll()'],
};

function handled(node: Expression): boolean {
  if (isParenthesizedExpression(node)) return handled(node.expression);
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  if (name.text === 'catch') return true;
  if (name.text === 'then') return node.arguments.length > 1;
  return (name.text === 'finally' || name.text === 'unref') && handled(expression);
}

/** Expressions of the file whose value nobody takes. */
function dropped(source: SourceFile): Expression[] {
  const found: Expression[] = [];
  const see = (expression: Expression): void => {
    if (!isAwaitExpression(expression) && !handled(expression)) found.push(expression);
  };
  const visit = (node: Node): void => {
    if (isVoidExpression(node)) see(node.expression);
    else if (isExpressionStatement(node) && !isBinaryExpression(node.expression) && !isVoidExpression(node.expression))
      see(node.expression);
    if (isCallExpression(node)) {
      const { expression: callee } = node;
      const listens = isIdentifier(callee)
        ? LISTENERS.has(callee.text)
        : isPropertyAccessExpression(callee) && LISTENER_METHODS.has(callee.name.text);
      for (const argument of listens ? node.arguments : []) {
        if (!isArrowFunction(argument) && !isFunctionExpression(argument)) continue;
        if (argument.modifiers?.some(({ kind }) => kind === SyntaxKind.AsyncKeyword) === true) found.push(argument);
        else if (!isBlock(argument.body)) see(argument.body as Expression);
      }
    }
    node.forEachChild((child) => {
      visit(child);
      return undefined;
    });
  };
  visit(source);
  return found;
}

t.setTimeout(240_000);

t.test('every promise of the product is waited for, or says what becomes of its failure', async (t) => {
  const api = new API({ cwd: root });
  t.teardown(() => api.close());
  const found: string[] = [];
  let looked = 0;
  const used = new Set<string>();
  for (const room of ['contracts', 'policies', 'connectors', 'gateway']) {
    const config = join(root, room, 'tsconfig.json');
    const project = api.updateSnapshot({ openProject: config }).getProject(config);
    if (project === undefined) throw new Error(`no project ${config}`);
    for (const path of project.rootFiles) {
      const source = project.program.getSourceFile(path);
      if (source === undefined) continue;
      const file = relative(root, path);
      const expressions = dropped(source);
      looked += expressions.length;
      const types = expressions.length === 0 ? [] : project.checker.getTypeAtLocation(expressions);
      expressions.forEach((expression, i) => {
        const type = types[i];
        if (type === undefined) return;
        const text = project.checker.typeToString(type);
        // an async listener is a function that gives one
        if (
          !/^(?:void \| |undefined \| )?Promise(?:Like)?</.test(text) &&
          !/=> Promise</.test(isArrowFunction(expression) || isFunctionExpression(expression) ? text : '')
        )
          return;
        const words = expression.getText(source).replace(/\s+/g, ' ');
        const allowed = NEVER_REJECTS[file]?.find((start) => words.startsWith(start));
        if (allowed !== undefined) used.add(`${file} ${allowed}`);
        else
          found.push(
            `${file}:${String(source.text.slice(0, expression.getStart(source)).split('\n').length)} ` +
              `${words.slice(0, 80)}`,
          );
      });
    }
  }
  t.ok(looked > 1000, `${String(looked)} expressions looked at`);
  t.strictSame(found, []);
  t.strictSame(
    Object.entries(NEVER_REJECTS)
      .flatMap(([file, starts]) => starts.map((start) => `${file} ${start}`))
      .filter((one) => !used.has(one)),
    [],
    'every exception is one still',
  );
});

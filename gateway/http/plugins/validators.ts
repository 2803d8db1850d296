/**
 * Checks of what a request brings, compiled when the first request needs them: a worker that starts has some 150
 * routes, and most of the time that it took to load them went into checks that nobody had asked for yet.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';

// ajv-formats is CommonJS with a default export beside its namespace
const addFormats = addFormatsModule.default ?? addFormatsModule;

/** As Fastify's own, but for what it would change in a request: nothing is converted, left out or filled in. */
export function validators(app: FastifyInstance): void {
  const ajv = new Ajv({
    addUsedSchema: false,
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    allErrors: false,
    // whether a schema is one is shown by a test over all routes; here it would be asked of the first request
    meta: false,
    validateSchema: false,
  });
  addFormats(ajv);
  const compiler: FastifySchemaCompiler<object> = ({ schema }) => {
    let made: ValidateFunction | undefined;
    const check = Object.assign(
      (value: unknown): boolean => {
        made ??= ajv.compile(schema);
        const fits = made(value);
        check.errors = made.errors;
        return fits;
      },
      { errors: undefined as ValidateFunction['errors'] },
    );
    return check as ReturnType<FastifySchemaCompiler<object>>;
  };
  app.setValidatorCompiler(compiler);
}

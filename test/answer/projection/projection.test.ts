import fc from 'fast-check';
import t from 'tap';
import { decodeRecord, encodeRecord } from '../../../contracts/avro.js';
import { isYitongError } from '../../../contracts/errors.js';
import { fieldsOf } from '../../../contracts/fields.js';
import { type FieldPath, fieldPath } from '../../../contracts/ids.js';
import type { AvroSchema } from '../../../contracts/types.js';
import { compileCheck, compileProjection, Out } from '../../../gateway/answer/projection/index.js';
import { cases, reference } from './arbitrary.js';

const RUNS = 400;

function project(schema: AvroSchema, fields: readonly FieldPath[], body: Uint8Array): string {
  const out = new Out(16);
  compileProjection({ schema }, fields).write(body, 0, body.length, out);
  return out.written().toString();
}
function encoded(schema: AvroSchema, value: unknown): Buffer {
  const result = encodeRecord({ schema }, value);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.body;
}
const someOf = (paths: readonly FieldPath[]) => fc.oneof(fc.constant([...paths]), fc.subarray([...paths]));

t.test('a service gets exactly the released fields of a record, whatever its schema', (t) => {
  fc.assert(
    fc.property(
      cases.chain((one) => someOf(fieldsOf(one.schema).map(({ path }) => path)).map((fields) => ({ ...one, fields }))),
      ({ schema, value, fields }) => {
        const body = encoded(schema, value);
        const text = project(schema, fields, body);
        const expected = JSON.stringify(reference(schema, decodeRecord({ schema }, body), fields));
        return JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(expected));
      },
    ),
    { numRuns: RUNS },
  );
  t.end();
});

t.test('bytes of anybody neither crash the gateway nor reach beyond their slice', (t) => {
  fc.assert(
    fc.property(cases, fc.uint8Array({ maxLength: 60 }), fc.nat(), ({ schema, value }, noise, where) => {
      const body = encoded(schema, value);
      const broken = Buffer.from(body);
      noise.slice(0, 3).forEach((byte, i) => (broken[(where + i) % broken.length] = byte));
      const paths = fieldsOf(schema).map(({ path }) => path);
      for (const bytes of [Buffer.from(noise), broken, body.subarray(0, where % body.length)]) {
        const out = new Out(16);
        out.raw('[');
        try {
          // what stands around the slice must not be taken for a part of it
          const around = Buffer.concat([Buffer.alloc(3, 2), bytes, Buffer.alloc(40, 2)]);
          compileProjection({ schema }, paths).write(around, 3, 3 + bytes.length, out);
          JSON.parse(out.written().subarray(1).toString());
          decodeRecord({ schema }, bytes);
        } catch (error) {
          if (!isYitongError(error) || error.code !== 'wire_format' || out.written().toString() !== '[') return false;
        }
      }
      return true;
    }),
    { numRuns: RUNS },
  );
  t.end();
});

t.test('a body that passes the check can be projected to any of its fields', (t) => {
  fc.assert(
    fc.property(cases, fc.uint8Array({ maxLength: 30 }), ({ schema }, noise) => {
      const paths = fieldsOf(schema).map(({ path }) => path);
      try {
        compileCheck({ schema }, new Out())(noise, 0, noise.length);
      } catch {
        return true;
      }
      return paths.every((path) => project(schema, [path], noise).startsWith('{'));
    }),
    { numRuns: RUNS },
  );
  t.end();
});

const schema = {
  type: 'record',
  name: 'Company',
  fields: [
    { name: 'name', type: 'string', title: { zh: '名称', en: 'name' }, classification: 'public' },
    {
      name: 'address',
      type: [
        'null',
        {
          type: 'record',
          name: 'Address',
          fields: [
            { name: 'city', type: 'string', title: { zh: '市', en: 'city' }, classification: 'public' },
            { name: 'street', type: 'string', title: { zh: '街道', en: 'street' }, classification: 'personal' },
          ],
        },
      ],
      title: { zh: '住所', en: 'address' },
    },
    {
      name: 'members',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Member',
          fields: [
            { name: 'who', type: 'string', title: { zh: '姓名', en: 'who' }, classification: 'personal' },
            { name: 'role', type: 'string', title: { zh: '职务', en: 'role' }, classification: 'public' },
          ],
        },
      },
      title: { zh: '成员', en: 'members' },
    },
  ],
} as const;
const value = {
  name: 'a"\u2028\u0001',
  address: { city: '上海', street: 's' },
  members: [
    { who: 'w', role: 'r' },
    { who: 'v', role: 'q' },
  ],
};
const paths = (...names: string[]) => names.map(fieldPath);

t.test('fields below a branch are released one by one, and a branch with none of them is not there at all', (t) => {
  const body = encoded(schema, value);
  t.equal(
    project(schema, paths('members[].role', 'address.city'), body),
    '{"address":{"city":"上海"},"members":[{"role":"r"},{"role":"q"}]}',
  );
  t.equal(project(schema, paths('address'), body), '{"address":{"city":"上海","street":"s"}}');
  t.equal(project(schema, paths('name'), body), `{"name":${JSON.stringify(value.name)}}`);
  t.equal(project(schema, [], body), '{}');
  t.equal(project(schema, paths('address.city'), encoded(schema, { ...value, address: null })), '{"address":null}');
  t.end();
});

t.test('a path of another shape or of a newer version releases nothing', (t) => {
  const body = encoded(schema, value);
  t.equal(
    project(schema, paths('members.role', 'address[].city', 'address.postcode', 'name.first', 'nothing'), body),
    '{}',
  );
  t.end();
});

t.test('hostile lengths and text are refused, and the answer stands as it stood', (t) => {
  const one = { type: 'record', name: 'One', fields: [{ name: 'a', type: 'string' }] } as const;
  const list = {
    type: 'record',
    name: 'Many',
    fields: [{ name: 'a', type: { type: 'array', items: 'boolean' } }],
  } as const;
  const refused = (schema: AvroSchema, bytes: readonly number[]): void => {
    const out = new Out(16);
    out.raw('[');
    t.throws(() => compileProjection({ schema }, paths('a')).write(Uint8Array.from(bytes), 0, bytes.length, out), {
      code: 'wire_format',
    });
    t.equal(out.written().toString(), '[');
  };
  for (const text of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe4, 0xb8], [0xff], [0x80]])
    refused(one, [text.length * 2, ...text]);
  refused(one, [0xfe, 0xff, 0xff, 0xff, 0x0f, 65]); // a length far beyond the end
  refused(one, [1]); // a negative one
  refused(one, Array<number>(11).fill(0x80)); // a number without an end
  refused(list, [0x80, 0x89, 0x7a, 1, 0]); // a million items from two bytes
  refused(one, [2, 65, 0]); // something behind the end
  t.end();
});

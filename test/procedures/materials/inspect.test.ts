/** What is taken as an upload: by its content, without what acts, whole. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { drawMaterial } from '../../../gateway/documents/pdf/material/draw.js';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { inspectFile } from '../../../gateway/procedures/materials/inspect/index.js';
import { programForTest } from '../../documents/reports/documents.js';
import { CATALOGUE, changedPdf, jpegSaying, PAGES, packedPdf, pdfOf, plainPdf, pngChunk, pngSaying } from './files.js';
import { samplePaper } from './sample.js';

t.setTimeout(240_000);

const CODES = ['file_type', 'file_damaged', 'file_active', 'file_encrypted', 'image_too_large'];
async function verdict(bytes: Buffer): Promise<string> {
  try {
    return (await inspectFile(bytes)).type;
  } catch (error) {
    if (!isYitongError(error) || !CODES.includes(error.code)) throw error;
    return error.code;
  }
}

/** Each is an action, or what only something that acts has. */
const ACTIVE: Readonly<Record<string, string>> = {
  script: '<< /S /JavaScript /JS (app.alert\\(1\\)) >>',
  'script whose name is written with digits': '<< /S /J#61v#61Script /J#53 (x) >>',
  'script in a stream': '<< /S /JavaScript /JS 9 0 R >>',
  program: '<< /S /Launch /F (cmd.exe) >>',
  'program of Windows': '<< /Type /Action /S /Launch /Win << /F (calc.exe) >> >>',
  'another file': '<< /Type /Filespec /F (a.exe) /EF << /F 9 0 R >> >>',
  'files of a tree': '<< /EmbeddedFiles << /Names [] >> >>',
  'a form that runs': '<< /Fields [] /XFA 9 0 R >>',
  'what is sent away': '<< /S /SubmitForm /F (https://x.example) >>',
  'what is brought in': '<< /S /ImportData /F (a.fdf) >>',
  'the way to another document': '<< /S /GoToR /F (a.pdf) /D [0 /Fit] >>',
  'the way into a file within': '<< /S /GoToE /D (x) >>',
  media: '<< /Type /Annot /Subtype /RichMedia /Rect [0 0 1 1] >>',
  film: '<< /Type /Annot /Subtype /Movie /Rect [0 0 1 1] >>',
  sound: '<< /S /Sound /Sound 9 0 R >>',
  screen: '<< /Type /Annot /Subtype /Screen /Rect [0 0 1 1] >>',
  'a file that hangs on a page': '<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 1 1] >>',
  'deep within': '<< /A [ [ << /B << /C [ << /S /JavaScript /JS (x) >> ] >> >> ] ] >>',
};
const HARMLESS = [
  '<< /S /GoTo /D [3 0 R /Fit] >>',
  '<< /S /URI /URI (https://x.example/JavaScript/JS) >>',
  '(a text that says /JavaScript and /JS, and << /S /Launch >>)',
  '<2f4a532f4c61756e6368>',
  '<< /Title (\\) /JS ) /Next [1 2.5 -3 .5 true null /JSON /Launchpad] >>',
];

t.test('a PDF that does something by itself is refused, wherever it stands', async (t) => {
  for (const [what, object] of Object.entries(ACTIVE)) {
    t.equal(await verdict(pdfOf([CATALOGUE, ...PAGES, object])), 'file_active', what);
    t.equal(await verdict(packedPdf([object])), 'file_active', `${what}, in a compressed stream`);
    t.equal(await verdict(changedPdf(CATALOGUE, [object])), 'file_active', `${what}, by a later change`);
  }
  const opens = '<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (x) >> >>';
  t.equal(await verdict(pdfOf([opens, ...PAGES])), 'file_active', 'when it is opened');
  t.equal(
    await verdict(pdfOf([CATALOGUE, ...PAGES], { trailer: '/X << /JS (x) >> ' })),
    'file_active',
    'in its trailer',
  );
  t.equal(
    await verdict(changedPdf(CATALOGUE, []).subarray(0)),
    'application/pdf',
    'one that was changed and does nothing is taken',
  );
  t.equal(
    (await verdict(pdfOf([CATALOGUE, ...PAGES, '/JavaScript', '<< /S 5 0 R /Other (x) >>']))) === 'application/pdf',
    false,
    'a name that stands somewhere else',
  );
  for (const object of HARMLESS) {
    t.equal(await verdict(pdfOf([CATALOGUE, ...PAGES, object])), 'application/pdf', object);
    t.equal(await verdict(packedPdf([object])), 'application/pdf', `${object}, packed`);
  }
});

t.test('what only one reading would find is refused', async (t) => {
  const script = '9 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n';
  const hiding = `<< /Length ${String(script.length)} >>\nstream\n${script}\nendstream`;
  const hidden = pdfOf([CATALOGUE, ...PAGES, hiding]).toString('latin1');
  t.equal(await verdict(Buffer.from(hidden, 'latin1')), 'application/pdf', 'what stands in a stream is none');
  // the same, with a table that says that it is an object
  const at = hidden.indexOf(script);
  const row = /(\d{10}) 00000 n \n(?=trailer)/.exec(hidden)?.[1] ?? '';
  const pointed = hidden.replace(`${row} 00000 n \ntrailer`, `${String(at).padStart(10, '0')} 00000 n \ntrailer`);
  t.equal(await verdict(Buffer.from(pointed, 'latin1')), 'file_damaged', 'a table that leads into a stream');
  t.equal(
    await verdict(pdfOf([CATALOGUE, ...PAGES], { between: 'something else\n' })),
    'file_damaged',
    'what stands between objects',
  );
  const twice = '<< /S /GoTo /S /JavaScript >>';
  t.equal(await verdict(pdfOf([CATALOGUE, ...PAGES, twice])), 'file_damaged', 'one thing said twice');
  const longer = plainPdf.toString('latin1').replace('/Length 12', '/Length 99');
  t.equal(await verdict(Buffer.from(longer, 'latin1')), 'file_damaged', 'a stream that is longer than it is');
  t.equal(
    await verdict(
      Buffer.from(packedPdf(['<< /A 1 >>']).toString('latin1').replace('/FlateDecode', '/ASCII85Decode'), 'latin1'),
    ),
    'file_damaged',
    'a stream that cannot be looked through',
  );
  t.equal(await verdict(pdfOf([CATALOGUE, ...PAGES], { trailer: '/Encrypt 4 0 R ' })), 'file_encrypted');
  t.equal(await verdict(pdfOf(['<< /Type /Catalog >>', ...PAGES])), 'file_damaged', 'without pages');
  t.equal(await verdict(Buffer.from('%PDF-1.7\n')), 'file_damaged');
  t.equal(await verdict(Buffer.from(`%PDF-1.7\n${'['.repeat(5000)}`)), 'file_damaged', 'nested without an end');
});

t.test('PDFs of other programs are taken, and refused where they have files or a password', async (t) => {
  if (!programForTest(t, 'qpdf', 'qpdf')) return;
  const dir = t.testdir();
  const file = (name: string): string => join(dir, name);
  const { bytes } = drawMaterial(samplePaper(), {
    city: { zh: '云州市', en: 'Yunzhou' },
    synthetic: true,
    at: '2026-11-30T00:00:00Z',
  });
  writeFileSync(file('own.pdf'), bytes);
  const made = (name: string, ...options: readonly string[]): Buffer => {
    execFileSync('qpdf', ['--warning-exit-0', ...options, file(name)], { cwd: dir });
    return readFileSync(file(name));
  };
  t.equal(await verdict(bytes), 'application/pdf', 'a paper that was made here');
  for (const options of [
    ['--object-streams=generate'],
    ['--object-streams=disable'],
    ['--linearize'],
    ['--linearize', '--object-streams=generate'],
    ['--qdf', '--no-original-object-ids'],
    ['--stream-data=uncompress'],
  ])
    t.equal(await verdict(made('a.pdf', file('own.pdf'), ...options)), 'application/pdf', options.join(' '));
  t.equal(await verdict(made('b.pdf', file('own.pdf'), '--encrypt', 'a', 'b', '256', '--')), 'file_encrypted');
  t.equal(
    await verdict(made('c.pdf', file('own.pdf'), '--encrypt', '', 'b', '128', '--use-aes=y', '--')),
    'file_encrypted',
  );
  const attached = ['--add-attachment', file('own.pdf'), '--'];
  t.equal(await verdict(made('d.pdf', file('own.pdf'), ...attached)), 'file_active');
  t.equal(await verdict(made('e.pdf', file('own.pdf'), ...attached, '--object-streams=generate')), 'file_active');
});

t.test('pictures are whole, and of a size that can be shown', async (t) => {
  const plan = examplePlan();
  t.equal(await verdict(plan), 'image/png');
  t.equal(await verdict(pngSaying(3, 2, 8)), 'image/png');
  t.equal(await verdict(pngSaying(3, 2, 7)), 'file_damaged', 'too few pixels');
  t.equal(await verdict(pngSaying(3, 2, 9)), 'file_damaged', 'too many');
  t.equal(
    await verdict(pngSaying(8, 8, 1 * 2 + 1 * 2 + 1 * 3 + 2 * 3 + 2 * 5 + 4 * 5 + 4 * 9, { interlace: 1 })),
    'image/png',
  );
  t.equal(await verdict(pngSaying(30_001, 1, 30_002)), 'image_too_large');
  t.equal(await verdict(pngSaying(20_000, 20_000, 10)), 'image_too_large', 'before anything is unfolded');
  t.equal(await verdict(pngSaying(10, 10, 60_000_000)), 'file_damaged', 'a small one that unfolds to much');
  t.equal(await verdict(pngSaying(0, 10, 10)), 'file_damaged');
  t.equal(await verdict(pngSaying(3, 2, 8, { colour: 5 })), 'file_damaged');
  t.equal(await verdict(pngSaying(3, 2, 8, { colour: 3 })), 'file_damaged', 'without its colours');
  t.equal(
    await verdict(Buffer.concat([plan, pngChunk('tEXt', Buffer.from('more'))])),
    'file_damaged',
    'something behind it',
  );
  const photo = jpegSaying(40, 30);
  t.equal(await verdict(photo), 'image/jpeg');
  t.equal(await verdict(jpegSaying(40, 30, 0xc2)), 'image/jpeg', 'progressive');
  t.equal(await verdict(jpegSaying(40, 30, 0xc9)), 'file_damaged', 'coded as few programs show');
  t.equal(await verdict(jpegSaying(40_000, 30)), 'image_too_large');
  t.equal(await verdict(jpegSaying(0, 30)), 'file_damaged');
  const film = Buffer.concat([photo, Buffer.from('MotionPhoto_Data and a film with its sound')]);
  t.ok((await inspectFile(film)).bytes.equals(photo), 'what a camera puts behind the picture is not kept');
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html>')],
    ['a drawing that can run', Buffer.from('<svg onload="x">')],
    ['an archive', Buffer.from('PK\x03\x04')],
    ['a picture of another kind', Buffer.from('GIF89a')],
    ['a page that says it is a PDF', Buffer.from('<html>%PDF-1.7')],
  ] as const)
    t.equal(await verdict(bytes), 'file_type', what);
});

t.test('a part of a file is never taken for the whole', async (t) => {
  const { bytes: own } = drawMaterial(samplePaper(), {
    city: { zh: '云州市', en: 'Yunzhou' },
    synthetic: true,
    at: '2026-11-30T00:00:00Z',
  });
  for (const whole of [
    plainPdf,
    packedPdf(['<< /A (b) >>']),
    changedPdf(CATALOGUE, ['<< /A 1 >>']),
    examplePlan(),
    jpegSaying(9, 9),
    own,
  ]) {
    const type = await verdict(whole);
    t.match(type, /^(?:application|image)/);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 8 }), async (length) => {
        const found = await verdict(whole.subarray(0, length));
        // a PDF that was changed later was whole before
        if (found === 'application/pdf') return whole.indexOf('%%EOF') < length && length < whole.length;
        return CODES.includes(found);
      }),
      { numRuns: 150 },
    );
  }
});

t.test('what acts is never taken, however the file around it is broken', async (t) => {
  const active = Object.values(ACTIVE);
  const files = [
    ...active.slice(0, 6).map((object) => pdfOf([CATALOGUE, ...PAGES, object])),
    ...active.slice(0, 6).map((object) => packedPdf([object])),
    ...active.slice(0, 6).map((object) => changedPdf(CATALOGUE, [object])),
    pdfOf([CATALOGUE, ...PAGES], { trailer: '/Encrypt << /Filter /Standard >> ' }),
  ];
  const mutation = fc.record({
    file: fc.nat({ max: files.length - 1 }),
    kind: fc.constantFrom('byte', 'cut', 'twice', 'swap', 'insert'),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 40 }),
    byte: fc.nat({ max: 255 }),
  });
  const qpdf = programForTest(t, 'qpdf', 'qpdf');
  const dir = t.testdir();
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(mutation, async ({ file, kind, from, length, byte }) => {
      const whole = files[file] ?? plainPdf;
      const at = Math.floor(from * (whole.length - 1));
      const [head, tail] = [whole.subarray(0, at), whole.subarray(at)];
      const bytes = ((): Buffer => {
        switch (kind) {
          case 'byte':
            return Buffer.concat([head, Buffer.from([byte]), tail.subarray(1)]);
          case 'cut':
            return Buffer.concat([head, tail.subarray(length)]);
          case 'twice':
            return Buffer.concat([head, tail.subarray(0, length), tail]);
          case 'swap':
            return Buffer.concat([
              head,
              tail.subarray(length, 2 * length),
              tail.subarray(0, length),
              tail.subarray(2 * length),
            ]);
          default:
            return Buffer.concat([head, Buffer.alloc(length, byte), tail]);
        }
      })();
      const found = await verdict(bytes);
      if (found !== 'application/pdf') return;
      taken++;
      // taken only where another program finds nothing of it either
      if (!qpdf) return;
      writeFileSync(join(dir, 'x.pdf'), bytes);
      const { stdout } = spawnSync('qpdf', ['--warning-exit-0', '--qdf', join(dir, 'x.pdf'), '-'], {
        encoding: 'latin1',
      });
      const plain = stdout.replace(/\((?:\\.|[^\\)])*\)/g, '()');
      if (/\/(?:JavaScript|JS|Launch|EmbeddedFiles?|EF|XFA|Encrypt)[\s/<([\]>]/.test(plain))
        throw new Error(`it was taken, and holds ${plain.slice(0, 2000)}`);
    }),
    { numRuns: 1200 },
  );
  t.pass(`${String(taken)} of 1200 had lost what acts, and were taken`);
});

t.test('whatever comes, it is taken or refused, and soon', async (t) => {
  const begins = ['%PDF-1.7\n', '%PDF-1.4\r\n1 0 obj\n<<', '\x89PNG\r\n\x1a\n', '\xff\xd8\xff\xe0'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...begins), fc.uint8Array({ maxLength: 2000 }), async (begin, rest) => {
      await verdict(Buffer.concat([Buffer.from(begin, 'latin1'), rest]));
    }),
    { numRuns: 800 },
  );
  const words = [
    'obj',
    'endobj',
    '<<',
    '>>',
    '[',
    ']',
    '(',
    ')',
    '/A',
    '1 0 R',
    'xref',
    'trailer',
    'startxref',
    '%%EOF',
    'stream\n',
    'endstream',
    '0',
    '\n',
    '%',
    '<',
    '>',
    'n',
    'f',
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...words), { maxLength: 300 }), async (tokens) => {
      await verdict(Buffer.from(`%PDF-1.7\n${tokens.join(' ')}\nstartxref\n9\n%%EOF\n`, 'latin1'));
    }),
    { numRuns: 800 },
  );
  const began = performance.now();
  const many = Array.from({ length: 60_000 }, (_, i) => `<< /N ${String(i)} >>`);
  t.equal(await verdict(pdfOf([CATALOGUE, ...PAGES, ...many])), 'application/pdf');
  t.ok(performance.now() - began < 30_000, 'a PDF of sixty thousand parts');
});

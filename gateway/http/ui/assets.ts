/**
 * Style sheet, icon and scripts of the people's port. Served from memory below a folder that is named after what is in
 * it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { reportCss } from './report-css.js';

/** Where the compiled scripts are: those of pages, and what they share with the server. */
const SCRIPTS = ['./browser/', '../../ground/der/', '../../documents/signed/'];

/** Scripts, each served under its name without a folder; they name one another by it. */
export function scripts(): readonly { readonly name: string; readonly text: string }[] {
  const files = SCRIPTS.flatMap((path) => {
    const folder = new URL(path, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => ({ name, file: new URL(name, folder) }));
  });
  return files
    .map(({ name, file }) => ({
      name,
      text: readFileSync(file, 'utf8')
        .replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n')
        .replace(/(from ')\.[^']*\/([a-z-]+\.js';)/g, '$1./$2'),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" ' +
  'fill="#0b5d57"/><path d="M6 11h20M6 21h20" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/><circle ' +
  'cx="11" cy="11" r="3.4" fill="#0b5d57" stroke="#fff" stroke-width="2.2"/><circle cx="21" cy="21" r="3.4" ' +
  'fill="#ffb454" stroke="#fff" stroke-width="2.2"/></svg>';

export const css = `
:root{--bg:#f6f7f5;--card:#fff;--ink:#16211f;--soft:#53625f;--line:#dfe5e2;--brand:#0b5d57;--brand-ink:#fff;--ok:#0d6b3f;--ok-bg:#e2f4e9;--warn:#7a4d00;--warn-bg:#fdf0d5;--none:#55605d;--none-bg:#e9edeb;--bad:#a11f2b;--bad-bg:#fbe6e7;--bad-ink:#fff;--code:#eef2f0;--radius:14px}
@media (prefers-color-scheme:dark){:root{--bg:#0f1514;--card:#172120;--ink:#e8efec;--soft:#a3b3ae;--line:#2a3634;--brand:#5cc7ba;--brand-ink:#06231f;--ok:#8be0ae;--ok-bg:#153526;--warn:#ffd28a;--warn-bg:#3a2c10;--none:#b5c2be;--none-bg:#24302d;--bad:#ff9aa2;--bad-bg:#43191d;--bad-ink:#2b0609;--code:#1f2b29}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
a{color:var(--brand)}
a:focus-visible,summary:focus-visible,pre:focus-visible{outline:3px solid var(--brand);outline-offset:2px;border-radius:4px}
.banner{margin:0;padding:6px 20px;background:var(--warn-bg);color:var(--warn);font-size:14px;text-align:center}
.top{display:flex;align-items:center;gap:14px;max-width:1120px;margin:0 auto;padding:16px 20px}
.brand{display:flex;align-items:center;gap:10px;font-weight:700;font-size:20px;color:var(--ink);text-decoration:none}
.place{color:var(--soft)}
.lang{margin-left:auto;white-space:nowrap}
main{max-width:1120px;margin:0 auto;padding:4px 20px 56px}
h1{font-size:30px;line-height:1.25;margin:18px 0 6px;letter-spacing:-.01em}
h2{font-size:19px;margin:34px 0 12px}
.lead{color:var(--soft);margin:0 0 20px;max-width:68ch;text-wrap:pretty}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:14px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);padding:16px 18px}
.tile b{display:block;font-size:28px;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:14px}
.card{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);overflow:hidden}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;padding:11px 16px;border-bottom:1px solid var(--line);vertical-align:baseline}
thead th{font-size:13px;color:var(--soft);font-weight:600}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
tbody th{font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.id{display:block;font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;color:var(--soft);font-weight:400;overflow-wrap:anywhere}
.state{display:inline-block;padding:1px 10px;border-radius:99px;font-size:13px;white-space:nowrap}
.state.current{color:var(--ok);background:var(--ok-bg)}
.state.stale{color:var(--warn);background:var(--warn-bg)}
.state.none{color:var(--none);background:var(--none-bg)}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;padding:16px 18px;background:var(--code);border:1px solid var(--line);border-radius:var(--radius);overflow:auto;font:13.5px/1.6 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
.empty{padding:26px 18px;color:var(--soft);text-align:center}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0;padding:16px 18px}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:8px;background:var(--card);padding:8px 12px;border-radius:8px;z-index:2}
main:focus{outline:none}
.quiet{background:none;border:1px solid var(--line);border-radius:8px;padding:5px 12px;color:var(--ink);font:inherit;font-size:14px;text-decoration:none;cursor:pointer;white-space:nowrap}
.quiet:hover{border-color:var(--brand)}
.button{display:inline-block;background:var(--brand);color:var(--brand-ink);border:0;border-radius:9px;padding:9px 18px;font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.button.danger{background:var(--bad);color:var(--bad-ink)}
button:focus-visible,input:focus-visible,input[type=date]:focus-within,input[type=datetime-local]:focus-within,select:focus-visible,textarea:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
.who{display:flex;align-items:center;gap:12px;margin:0;font-size:14px}
.who small{color:var(--soft);font-size:13px;margin-left:4px}
.nav{display:flex;gap:4px;max-width:1120px;margin:0 auto 4px;padding:0 16px;overflow-x:auto;border-bottom:1px solid var(--line)}
.nav a{padding:10px 12px;color:var(--soft);text-decoration:none;white-space:nowrap;border-bottom:2px solid transparent;margin-bottom:-1px}
.nav a:hover{color:var(--ink)}
@media (max-width:640px){.nav{flex-wrap:wrap;overflow-x:visible}.nav a{padding:8px 10px}}
.nav a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--brand)}
.narrow{max-width:640px}
.choices{list-style:none;margin:0;padding:0;display:grid;gap:10px}
.choices form{margin:0}
.choice{width:100%;text-align:left;display:grid;gap:2px;background:var(--card);color:var(--ink);border:1px solid var(--line);border-radius:var(--radius);padding:14px 18px;font:inherit;cursor:pointer}
.choice:hover{border-color:var(--brand)}
.choice span{color:var(--soft);font-size:14px}
.filters{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:10px 14px;align-items:end;background:var(--card);border:1px solid var(--line);border-radius:var(--radius);padding:14px 18px;margin:0 0 16px}
.filters label,.field{display:grid;gap:3px;font-size:13px;color:var(--soft)}.fault{margin:0;color:var(--bad);font-weight:600;font-size:14px}.wrong input,.wrong select,.wrong textarea{border-color:var(--bad);border-width:2px}.faults h2{margin:0 0 4px;font-size:18px}.faults ul{margin:0;padding-left:20px}.faults a{color:var(--bad);font-weight:600}.faults:focus{outline:3px solid var(--brand);outline-offset:2px}button.lang{margin-left:auto;background:none;border:0;padding:0;font:inherit;color:var(--brand);text-decoration:underline;cursor:pointer}
input[type=text],input[type=search],input[type=date],input[type=datetime-local],select,textarea{font:inherit;font-size:15px;color:var(--ink);background:var(--bg);border:1px solid var(--line);border-radius:8px;padding:7px 10px;width:100%;min-width:0}
input,select{height:40px}
.row select{width:auto}
.row{display:flex;gap:10px;flex-wrap:wrap;align-items:center}
.notice{border:1px solid var(--line);border-left:4px solid var(--brand);background:var(--card);border-radius:10px;padding:10px 16px;margin:0 0 16px}
.notice.warn{border-left-color:var(--warn)}
.notice.bad{border-left-color:var(--bad)}
.state.ok{color:var(--ok);background:var(--ok-bg)}
.state.warn{color:var(--warn);background:var(--warn-bg)}
.state.bad{color:var(--bad);background:var(--bad-bg)}
.scroll{overflow-x:auto}
.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:13px;overflow-wrap:anywhere}
.pager{display:flex;justify-content:space-between;gap:12px;padding:12px 0}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:8px 16px;margin-bottom:14px}
.head h1{margin-bottom:0}
.pills{display:flex;gap:6px;flex-wrap:wrap;margin:0 0 14px}.head .pills{margin:0}h1+.pills,h1+.filters{margin-top:14px}form .field+.field,form .field+fieldset,.field+.foot{margin-top:12px}.filters .field+.field,form.filters .field+.field,form.row .field,form.stacked .field+.field,form.stacked .field+fieldset{margin-top:0}.phone-only{display:none}
.pills a{padding:5px 14px;border:1px solid var(--line);border-radius:99px;text-decoration:none;color:var(--ink);background:var(--card);font-size:14px}
.pills a[aria-current]{background:var(--brand);border-color:var(--brand);color:var(--brand-ink)}
.chart{margin:18px 0;padding:14px 18px;position:relative;overflow:visible}
.chart figcaption{display:flex;gap:18px;align-items:center;margin-bottom:8px}
.chart svg{display:block;width:100%;height:190px}
.chart .bar{fill:var(--brand)}.chart .bar.part{fill:var(--bad)}.chart .hit{fill:transparent}.chart g:hover>.hit{fill:var(--none-bg)}
.chart .axis,.chart .grid line{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.chart .tops{position:absolute;right:18px;top:44px;margin:0;font-size:12px;color:var(--soft)}
.ticks{display:flex;justify-content:space-between;font-size:12px;color:var(--soft)}
.key{font-size:13px;color:var(--soft);display:flex;align-items:center;gap:6px}.k{width:10px;height:10px;border-radius:3px;background:var(--brand)}.k.part{background:var(--bad)}
.chart details{font-size:14px;margin-top:8px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
h2.in{margin:0;padding:14px 16px 4px;font-size:16px}
.running{display:flex;flex-wrap:wrap;gap:10px 18px;align-items:center}.parts{flex:1 1 260px;min-width:0}.parts>p{margin:0;display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}.parts>:not(:last-child){display:none}.running:has(.found){display:block;border:0;background:none;padding:0;border-radius:0}.running:has(.found)>.quiet{display:none}.found .card{margin-top:14px}progress{flex:1 1 160px;height:10px;accent-color:var(--brand)}
.foot{color:var(--soft);font-size:13px}
.filters .more{grid-column:1/-1;font-size:14px}
.filters.in{border:0;padding:10px 0 0;margin:0;background:none}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 12px}
.chip{background:var(--none-bg);color:var(--ink);border-radius:99px;padding:3px 12px;font-size:14px;text-decoration:none;overflow-wrap:anywhere}
.chip:hover{background:var(--line)}
.pad{padding:14px 18px}
.grow{flex:1 1 260px}
dl.facts.flat{padding:0}
.verdict{margin:0 0 8px;font-weight:600}
.when{display:none}
[data-state=proved] .when.proved,[data-state=failed] .when.failed,[data-state=not-yet] .when.not-yet,[data-state=error] .when.error,[data-state=checking] .when.checking,[data-state=idle] .when.idle{display:inline}
.when.proved{color:var(--ok)}.when.failed{color:var(--bad)}
.steps{margin:0 0 10px;padding-left:22px}
.steps b{font-weight:500;margin-right:10px}
.steps li[data-holds=true]::marker{content:"✓  ";color:var(--ok)}
.steps li[data-holds=false]::marker{content:"✗  ";color:var(--bad)}
.phone{max-width:560px;margin:0 auto}.stacked{display:grid;gap:14px}.big{padding:13px 20px;font-size:17px;text-align:center}
.showcode{text-align:center}.showcode svg{display:block;width:min(100%,340px);height:auto;margin:6px auto;border-radius:10px;border:1px solid var(--line)}.showcode details{text-align:left;margin-bottom:14px}.showcode summary{cursor:pointer}
.countdown{text-align:center;font-size:18px;margin:8px 0}.countdown b{font-size:26px;font-variant-numeric:tabular-nums}
.number{font-size:40px;line-height:1.15;letter-spacing:.12em;font-variant-numeric:tabular-nums}.question,.outcome .question{font-size:18px}.phone h1{margin-bottom:12px}.outcome .soft{color:inherit}
.ask h2{margin:0 0 10px}.choice-row{justify-content:center}.choice-row form{flex:1 1 150px;margin:0}.choice-row .big{width:100%}
.asks{border:1px solid var(--line);border-radius:var(--radius);padding:6px 16px 12px;margin:0;min-width:0}.asks legend{padding:0 6px;color:var(--soft);font-size:13px}.asks label{display:flex;gap:9px;align-items:center;padding:7px 0}.asks input{width:19px;height:19px;flex:none;accent-color:var(--brand);margin:0}
.picks{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:0 12px}.asked:not(:has(>label>input:checked)) .picks{display:none}
button[hidden]{display:none}
.camera:not([hidden]){display:grid;gap:8px}.camera video{width:100%;border-radius:var(--radius);background:#000}.camera p{margin:0}
.raw{margin-top:18px}
.raw summary{cursor:pointer;margin-bottom:8px}
.below{margin-top:26px}.head.below h2{margin:0}
.head form{margin:0}
.plain{display:block;font-weight:400}.soft{color:var(--soft)}td.date,td time{white-space:nowrap}
.rows,.timeline,.fields,.what{list-style:none;margin:0;padding:0}
.rows li{display:flex;flex-wrap:wrap;gap:8px 16px;justify-content:space-between;align-items:flex-start;padding:12px 16px;border-bottom:1px solid var(--line)}
.rows li:last-child{border-bottom:0}
.rows p{margin:0 0 2px;overflow-wrap:anywhere}.rows form{margin:0}
.timeline{display:grid;gap:14px}
.timeline .head{margin:0 0 8px}.timeline h2{margin:0;font-size:17px}.timeline h2 small{font-weight:400;color:var(--soft);font-size:14px;margin-left:6px}
.timeline h3{margin:0;font-size:16px}.timeline h3 small{font-weight:400;color:var(--soft);font-size:14px;margin-left:6px}
.timeline time{color:var(--soft);font-size:14px;white-space:nowrap}
.what{margin:10px 0;display:grid;gap:6px}
.timeline summary{cursor:pointer;font-size:15px;color:var(--brand);padding:5px 0}.timeline dl.facts+details{margin-top:8px;border-top:1px solid var(--line);padding-top:4px}
.timeline details form{margin-top:8px}
.said{margin:0 0 6px;white-space:pre-wrap;overflow-wrap:anywhere}
.card.fields{padding:14px 18px;columns:2 320px;column-gap:24px}.fields li{break-inside:avoid;padding:2px 0;overflow-wrap:anywhere}
.content{margin-bottom:14px}.content p{margin-top:0}
.button.low{align-self:flex-end}
.pad>p:first-child{margin-top:0}.pad form>p:last-child,.pad>p:last-child{margin-bottom:0}
@media (max-width:640px){.tickets .state{white-space:normal;border-radius:10px}.tickets td,.tickets th{vertical-align:top;padding:10px 8px}.tickets td{font-size:15px}.tickets thead th:nth-child(1){width:36%}}
.outcome{border-radius:var(--radius);padding:18px 22px;margin:18px 0;border:1px solid var(--line)}.outcome b{font-size:24px;line-height:1.3}.outcome p{margin:6px 0 0}
.outcome.ok{background:var(--ok-bg);color:var(--ok)}.outcome.warn{background:var(--warn-bg);color:var(--warn)}.outcome.bad{background:var(--bad-bg);color:var(--bad)}
.dropzone{display:grid;gap:2px;justify-items:center;text-align:center;border:2px dashed var(--line);border-radius:10px;padding:20px 16px;cursor:pointer}.dropzone:hover,.drop.over .dropzone,.dropzone:focus-within{border-color:var(--brand)}
.dropzone input{max-width:100%;margin-bottom:8px}.drop .steps{display:none;margin-top:8px}.drop .verdict{margin-top:12px}.drop .verdict:not(:has(.when)){margin:0}
[data-state=proved]>div>.steps,[data-state=failed]>div>.steps,[data-state=other]>div>.steps{display:block}.steps li:not([data-holds])::marker{content:"·  "}
[data-state=other] .when.other{display:inline;color:var(--bad)}
@media (max-width:640px){h1{font-size:25px}.wide{display:none}.phone-only{display:block}.filters>:has(input[type=datetime-local]){grid-column:1/-1}th,td{padding:10px 10px}.tiles{grid-template-columns:1fr 1fr;gap:10px}.tile{padding:12px 14px}.tile b{font-size:23px}.place{font-size:14px;line-height:1.3}.top{flex-wrap:wrap}.who small{display:none}table{table-layout:fixed}thead th:nth-child(1){width:50%}.top{padding:12px 16px}main{padding:0 16px 40px}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:10px}.filters{grid-template-columns:1fr 1fr}td time{white-space:normal}.stack thead{display:none}.stack tr{display:block;padding:10px 0;border-bottom:1px solid var(--line)}.stack tr:last-child{border-bottom:0}.stack th,.stack td{display:block;border:0;padding:3px 12px}.stack td.n{text-align:left}.stack td[data-title]::before{content:attr(data-title) "  ";color:var(--soft);font-size:13px}}
`.concat(reportCss);

export interface Asset {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

let all: { readonly assets: readonly Asset[]; readonly folder: string } | undefined;

/**
 * All assets, and the folder below which they stand for ever: another build has another one.
 * `/assets/3f0a91c23f0a91c2/`
 */
export function assets(): NonNullable<typeof all> {
  if (all !== undefined) return all;
  const own: readonly Asset[] = [
    { name: 'yitong.css', type: 'text/css; charset=utf-8', text: css },
    { name: 'icon.svg', type: 'image/svg+xml', text: icon },
    ...scripts().map(({ name, text }) => ({ name, type: 'text/javascript; charset=utf-8', text })),
  ];
  const hash = createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 16);
  return (all = { assets: own, folder: `/assets/${hash}/` });
}

/** Styles of the pages of reports and authorisations. */
export const reportCss = `
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:13px;overflow-wrap:anywhere;font-weight:400}
b.code{font-weight:700}
.sheet fieldset{margin:0 0 16px;min-width:0}.sheet fieldset:not(.card){border:0;padding:0;margin:12px 0 4px}
.sheet legend{font-weight:600;padding:0}.sheet fieldset.card legend{float:left;width:100%;margin-bottom:12px;font-size:17px}.sheet fieldset.card legend+*{clear:both}
.sheet .span{grid-column:span 2}
.tools{margin:0 0 10px}.tools[hidden]{display:none}
.picks{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:2px 14px}
.pick{display:flex;gap:9px;align-items:baseline;padding:4px 0;cursor:pointer}
.pick input{width:17px;height:17px;flex:none;margin:0;accent-color:var(--brand);transform:translateY(3px)}
.tree,.tree ul{list-style:none;margin:0;padding:0}.tree ul{margin-left:8px;padding-left:20px;border-left:2px solid var(--line)}
.member{border-bottom:1px solid var(--line);padding:7px 0}.member>span:nth-of-type(1){flex:1}.member b{font-weight:600}
.sheet .notice{margin:14px 0 0}
.plainlist{margin:0;padding-left:18px}.notice p{margin:4px 0}
.fields-list{padding-left:34px}
.steps-on{margin:16px 0}.steps-on form{margin:0}
.invitation{margin-bottom:12px}.invitation p{margin:0 0 6px}.invitation .low{align-self:flex-end}
.combo{position:relative;display:block}.options{position:absolute;z-index:5;left:0;right:0;top:100%;margin:4px 0 0;padding:4px;list-style:none;background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:0 8px 24px rgb(0 0 0/.16);max-height:340px;overflow-y:auto;min-width:min(340px,80vw)}
.options li{padding:7px 10px;border-radius:7px;cursor:pointer;color:var(--ink);font-size:14px}.options li span{display:block}.options li[aria-selected=true],.options li:hover{background:var(--none-bg)}.told-name:empty{display:none}label:has(.combo){position:relative}.told-name{position:absolute;top:100%;left:0;font-size:12px;white-space:nowrap}.choices{margin-bottom:14px}.choices p{margin:0 0 2px}
.sheet .filters.other{display:flex;align-items:flex-end;gap:10px}.filters.other label{flex:1 1 240px}.filters.other .low{flex:none}
.scroll:focus-visible,.tree.long:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
.tree.long{max-height:460px;overflow-y:auto;border:1px solid var(--line);border-radius:10px;padding:0 12px}
thead th.n{white-space:nowrap}
.slim{display:none}
.matrix th[scope=row]{font-size:14px;padding:7px 10px}.matrix.many{table-layout:fixed;min-width:1020px}.matrix.many thead th:first-child{width:23%}
.matrix td{text-align:center;padding:4px 0;font-size:13px;position:relative;font-variant-numeric:tabular-nums;color:var(--soft)}
.matrix td.records,.matrix td.at_least{background:var(--warn-bg);color:var(--warn);font-weight:700}
.matrix td.not_answered{background:var(--none-bg);color:var(--none);font-weight:700}
.matrix.many thead th{padding:8px 0;vertical-align:bottom;font-weight:400;font-size:12px}
.matrix.many thead th:first-child{padding:8px 10px}
.matrix.many thead th span{writing-mode:vertical-rl;white-space:nowrap;line-height:20px;display:block}
.matrix thead th:not(:first-child){text-align:center}
.matrix.many td:nth-child(5n+1){border-right:1px solid var(--line)}
.told h3{margin:18px 0 8px;font-size:16px}.told .head{margin:0;padding-bottom:0}.told h4{margin:0;font-size:15px}.told h4 small{font-weight:400;color:var(--soft)}
.told .two{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr))}
.told dl.facts{font-size:14px;gap:3px 14px;padding-top:10px}
.seal{display:flex;gap:24px;align-items:flex-start;margin-bottom:16px}.seal>div{flex:1;min-width:0}.seal h2{margin:0 0 4px}
.qr{width:190px;height:190px;flex:none;border-radius:8px;background:#fff}
.bigcode{margin:0 0 10px;display:flex;gap:12px;align-items:center;flex-wrap:wrap}.bigcode output{font-size:21px;font-weight:600;letter-spacing:.02em}
.going{display:none}.going:last-child{display:block}.going progress{width:100%;height:14px;accent-color:var(--brand)}
.again{margin:0}.top .again{margin-left:auto}.again .lang{margin:0;background:none;border:0;padding:0;font:inherit;color:var(--brand);text-decoration:underline;cursor:pointer}.ways{margin:14px 0 18px}.outcome{display:flex;gap:12px 18px;flex-wrap:wrap;align-items:center}.outcome>div{flex:1 1 300px}.outcome .quiet{color:inherit;border-color:currentColor}
.drop .unseen{margin:0}.dropzone{position:relative;gap:6px;padding:26px 16px}.dropzone:has(:focus-visible){outline:3px solid var(--brand);outline-offset:2px}.drop.card.pad{padding:14px}.drop[data-state=ready] .verdict,.drop [data-about]:empty{margin:0}input[name=code]{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;letter-spacing:.02em}
.folded summary{cursor:pointer}.timeline .folded{margin:0 0 6px}.folded ul{margin:6px 0 0;padding-left:20px;color:var(--soft);font-size:14px;columns:2 260px}

@media (max-width:900px){.broad{display:none}.slim{display:block}}
@media (max-width:640px){input[name=code]{font-size:14px;letter-spacing:0}.told dl.facts{grid-template-columns:104px 1fr;gap:3px 10px}.told dl.facts dd{margin:0}.seal{flex-direction:column;align-items:center}.seal>div{width:100%}.picks{grid-template-columns:1fr 1fr}.member{flex-wrap:wrap}.member .state{margin-left:26px}.tree ul{margin-left:4px;padding-left:10px}.sheet .filters.in{grid-template-columns:1fr}.sheet .span{grid-column:auto}.bigcode output{font-size:17px}}
`;

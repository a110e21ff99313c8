/** Style sheet of the page. Colours repeat what words and shapes say; text has a contrast of 4.5 to 1 at least. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#1a1f26;--soft:#57606a;--line:#d5dae1;--red:#b3261e;--on-red:#fff;--band:#c9ced6;--link:#0a57b8;--amber:#8a5a00;--green:#1a6b35;--tint:#fdf1f0}
@media (prefers-color-scheme:dark){:root{--bg:#0e1217;--card:#161b22;--ink:#e7ebf0;--soft:#9fabb8;--line:#2d3540;--red:#ff7a70;--on-red:#1d0503;--band:#4a5461;--link:#7ab7ff;--amber:#e2b14d;--green:#6fce8d;--tint:#2a1718}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{max-width:1240px;margin:0 auto;padding:10px 18px 48px}
a{color:var(--link)}
code,.mono,.frame,pre,.hash{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em}
h1,h2,h3,h4,p,ul,ol,dl{margin:0}
h2{font-size:17px;margin-bottom:8px}
h3{font-size:15px;margin:14px 0 6px}
h4{font-size:14px;margin:12px 0 4px}
ul,ol{padding-left:20px}
li{margin:2px 0}
.muted,.soft,.at{color:var(--soft)}
.at,.at time{font-size:12px;white-space:nowrap}
.skip{position:absolute;left:-9999px}
.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px;z-index:2}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.verdict{background:var(--card);border:1px solid var(--line);border-left:8px solid var(--soft);border-radius:8px 8px 0 0;padding:10px 18px 11px 12px}
.verdict.alarm{border-left-color:var(--red)}
.verdict.calm{border-left-color:var(--green)}
#copy{font-size:13px;font-weight:400;margin-left:auto;letter-spacing:0;cursor:pointer}
h1{font-size:25px;line-height:1.2;letter-spacing:-.01em;display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center}
.rest{font-size:16px;margin-top:3px}
.cause{margin-top:5px;color:var(--ink)}
.badge{display:inline-block;font-size:12px;font-weight:600;line-height:1.3;padding:2px 9px;border-radius:99px;border:1.5px solid var(--ink);white-space:nowrap;letter-spacing:0;vertical-align:1px}
.badge.certain{background:var(--ink);color:var(--card)}
.badge.probable{background:none}
.badge.unclear{border-style:dashed;color:var(--soft);border-color:var(--soft)}
.screen{display:grid;grid-template-columns:minmax(280px,360px) minmax(0,1fr);background:var(--card);border:1px solid var(--line);border-top:0}
.reasons{padding:12px 18px;border-right:1px solid var(--line)}
.reasons section+section{margin-top:10px}
.reasons h2{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin-bottom:2px}
.reasons ul,.reasons ol{padding-left:17px}
.reasons .at{display:block}
.frame{font-weight:600;white-space:nowrap}
.picture{padding:10px 18px 8px;min-width:0}
.picture h2{font-size:15px;margin-bottom:2px}
.match{font-size:13px;color:var(--soft);margin-bottom:4px}
.scroll{overflow-x:auto}
.ladder{display:block;width:100%;max-width:880px;min-width:620px;height:auto}
.chart{display:block;width:100%;max-width:720px;min-width:480px;height:auto}
svg .soft{fill:var(--soft)}
svg .halo,.arrow text{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
svg .life{stroke:var(--soft)}
svg .band{fill:var(--band)}
svg .gap{fill:var(--card)}
.arrow:focus-visible{outline:2px solid var(--link);outline-offset:1px}
.arrow:hover .stroke{stroke-width:3px}
.arrow.first:hover .stroke{stroke-width:8px}
.arrow .stroke{stroke:currentColor}
.arrow{color:var(--ink);text-decoration:none}
.arrow.first .stroke{stroke:var(--red)}
.arrow.first .core{stroke:var(--card)}
.arrow.first .tip,.arrow .flag{fill:var(--red)}
.arrow .on-flag{fill:var(--on-red);stroke:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:4px 0 0;font-size:12px;color:var(--soft)}
.legend svg{vertical-align:-1px;color:var(--ink)}
.contents{display:flex;flex-wrap:wrap;gap:4px 20px;background:var(--card);border:1px solid var(--line);border-top:0;border-radius:0 0 8px 8px;padding:9px 18px;margin-bottom:16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 18px;margin-bottom:16px}
.finding{border-left:4px solid var(--line);padding-left:12px;margin-top:12px}
.finding h3{margin-top:0}
.finding.error{border-left:4px solid var(--red)}
.finding.warning{border-left:4px dashed var(--amber)}
.severity{font-size:12px;text-transform:uppercase;letter-spacing:.05em;color:var(--soft)}
.error .severity{color:var(--red)}
.warning .severity{color:var(--amber)}
dl{display:grid;grid-template-columns:110px minmax(0,1fr);gap:3px 12px}
dt{color:var(--soft)}
dd{margin:0}
dd ul,dd ol{padding-left:18px}
table{border-collapse:collapse;width:100%;font-size:13px}
caption{text-align:left;color:var(--soft);padding:4px 0}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums}
.group th{background:var(--bg);padding:6px 8px}
tr.first td,tr:target td{background:var(--tint)}
tr:target td{box-shadow:inset 0 2px var(--link),inset 0 -2px var(--link)}
td time{white-space:nowrap;font-size:12px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:20px}
.path{display:flex;flex-wrap:wrap;list-style:none;padding:0;margin-bottom:8px}
.path li{display:flex;align-items:center}
.leg{color:var(--soft);font-size:12px;border-bottom:2px solid var(--soft);padding:0 10px 1px;margin:0 8px}
.point{border:1.5px solid var(--ink);border-radius:6px;padding:4px 12px;font-weight:600}
.point small{display:block;font-weight:400;color:var(--soft)}
.incident{border-top:1px solid var(--line);padding:8px 0}
summary{cursor:pointer}
summary h3{display:inline;margin:0}
.ends{display:block;color:var(--soft);font-size:13px;padding-left:16px}
pre{overflow-x:auto;background:var(--bg);padding:10px;border-radius:6px;overflow-wrap:normal}
.hash{color:var(--soft);font-size:12px}
.tools{margin:6px 0}
input,select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:5px;padding:3px 8px}
thead button{border:0;padding:0;color:inherit;font-weight:600;cursor:pointer;background:none}
[hidden]{display:none}
@media screen and (max-width:860px){.screen{grid-template-columns:minmax(0,1fr)}.reasons{border-right:0;border-top:1px solid var(--line);order:2}main{padding:8px 8px 40px}.verdict,.reasons,.picture,.card,.contents{padding-left:12px;padding-right:12px}h1{font-size:21px}.rest{font-size:15px}dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:6px}}
@page{size:A4;margin:12mm}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--red:#b3261e;--on-red:#fff;--band:#ccc;--link:#000;--tint:#fff}body{font-size:10.5px}main{padding:0;max-width:none}.screen{grid-template-columns:36% 64%}.reasons{border-right:1px solid var(--line);border-top:0;order:0}.ladder{min-width:0}.chart{min-width:0}.contents,.tools,.skip,#copy{display:none}.card,.verdict,.screen{border-radius:0}.finding,tr,svg,h3{break-inside:avoid}h2,h3,caption{break-after:avoid}.scroll{overflow:visible}h1{font-size:19px}.rest{font-size:13px}h2{font-size:14px}h3,.picture h2{font-size:12px}.match,.legend,table,.ends,.badge,.severity{font-size:9.5px}.at,.at time,td time,.hash,.reasons h2{font-size:9px}#rows{font-size:8.5px}#rows time{font-size:8px}#rows td{padding-right:6px}.card{padding:8px 12px;margin-bottom:8px}*{print-color-adjust:exact}}
`

/** For the page's Content-Security-Policy; a test holds it against the text above. */
export const STYLE_HASH = 'sha256-bFq5R5uhdSU3WeDzr5T2vbsZfD17D/IrVx4WpTsMAXU='

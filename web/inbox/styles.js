/** How the inbox looks. Colours are pairs (day, night); a page changes any of them by the variables on top. */

const CSS = `
:host {
  --_bg: var(--inbox-background, light-dark(#fffdf9, #182421));
  --_ink: var(--inbox-color, light-dark(#23302c, #e4ece8));
  --_quiet: var(--inbox-quiet, light-dark(#5c6963, #9aaca6));
  --_line: var(--inbox-line, light-dark(#e6e0d3, #2b3c37));
  --_accent: var(--inbox-accent, light-dark(#2b665a, #7fc4b2));
  --_on-accent: var(--inbox-on-accent, light-dark(#ffffff, #0e1715));
  --_wash: var(--inbox-wash, light-dark(#e8f0ea, #1f332e));
  --_warm: var(--inbox-warm, light-dark(#a04a30, #e79a7d));
  --_radius: var(--inbox-radius, 16px);
  color-scheme: light dark; display: inline-block; position: relative; color: var(--_ink);
  font: var(--inbox-font, 15px/1.5 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([inline]) { display: block; }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; margin: 0; }
ul { list-style: none; padding: 0; }
fieldset { border: 0; padding: 0; min-width: 0; }
button, input, select { font: inherit; color: inherit; }
button, select, label { cursor: pointer; }
:focus-visible, input:focus-visible + span, .action:focus-within { outline: 2px solid var(--_accent); outline-offset: 2px; }
h2, h3, h4 { font-weight: 500; }
svg { width: 1.3em; height: 1.3em; fill: none; stroke: currentcolor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.quiet { color: var(--_quiet); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bell { position: relative; display: grid; place-items: center; width: 2.6rem; height: 2.6rem; border: 0; border-radius: 50%; background: none; }
.bell:hover, .action:hover { background: var(--_wash); }
.badge {
  position: absolute; top: 0; left: 1.4rem; min-width: 1.2rem; padding: 0 0.3rem; border-radius: 1rem; background: var(--_warm);
  color: var(--_on-accent); font-size: 0.72rem; line-height: 1.2rem; font-weight: 600; text-align: center;
}
.panel {
  display: flex; flex-direction: column; position: relative; overflow: clip; container-type: inline-size;
  height: var(--inbox-height, min(40rem, 80vh)); background: var(--_bg); border: 1px solid var(--_line); border-radius: var(--_radius);
}
:host(:not([inline])) .panel {
  position: absolute; z-index: 10; inset: calc(100% + 0.4rem) 0 auto auto; width: var(--inbox-width, min(30rem, 94vw));
  box-shadow: 0 8px 40px rgb(20 40 30 / 22%);
}
:host([inline]) .bell { display: none; }

header { display: flex; align-items: center; gap: 0.4rem; padding: 0.8rem 0.8rem 0.4rem 1.1rem; }
header > div { margin-right: auto; min-width: 0; }
h2 { font-family: var(--inbox-heading-font, inherit); font-size: 1.25rem; line-height: 1.2; }
header p { display: flex; flex-wrap: wrap; gap: 0.1rem 0.7rem; font-size: 0.85rem; color: var(--_quiet); }
.state { display: inline-flex; align-items: center; gap: 0.4rem; }
.state::before, .chip::before, .row.unread::before { content: ""; flex: none; width: 0.5rem; height: 0.5rem; border-radius: 50%; background: currentcolor; }
.state[data-state="live"]::before { background: #3f9d76; }
.state:is([data-state="reconnecting"], [data-state="polling"])::before { background: #d39b2a; }
.button { padding: 0.3rem 0.9rem; border: 1px solid var(--_line); border-radius: 2rem; background: none; font-size: 0.87rem; white-space: nowrap; }
.button:hover:enabled { border-color: currentcolor; color: var(--_accent); }
.button:disabled { color: var(--_quiet); border-color: transparent; cursor: default; }
.action { position: relative; display: grid; place-items: center; flex: none; width: 2rem; height: 2rem; padding: 0; border: 0; border-radius: 50%; background: none; color: var(--_quiet); }
.action:hover { color: var(--_accent); }
.action select { position: absolute; inset: 0; width: 100%; opacity: 0; }

.filters { display: grid; gap: 0.5rem; padding: 0.3rem 1.1rem 0.7rem; border-bottom: 1px solid var(--_line); }
.segments { display: flex; width: fit-content; padding: 0.2rem; border-radius: 2rem; background: var(--_wash); }
.types { display: flex; gap: 0.15rem; overflow-x: auto; scrollbar-width: none; padding: 2px; margin: -2px; }
.filters label { position: relative; flex: none; }
.filters input { position: absolute; inset: 0; opacity: 0; pointer-events: none; }
.filters span { display: flex; align-items: center; gap: 0.3rem; padding: 0.2rem 0.75rem; border-radius: 2rem; font-size: 0.86rem; color: var(--_quiet); }
.segments span { color: var(--_ink); }
.types span { padding-inline: 0.55rem; border: 1px solid transparent; }
.segments input:checked + span { background: var(--_bg); box-shadow: 0 1px 3px rgb(20 40 30 / 15%); }
.types input:checked + span { background: var(--_wash); color: var(--_accent); border-color: color-mix(in srgb, var(--_accent) 35%, transparent); }

.scroller { flex: 1; overflow-y: auto; min-height: 0; }
h3 { padding: 0.9rem 1.1rem 0.3rem; font-size: 0.9rem; color: var(--_quiet); }
.row {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 0.8rem; align-items: start; position: relative;
  padding: 0.75rem 1.1rem; border-bottom: 1px solid var(--_line); cursor: pointer;
}
.row:hover, .row:focus-within { background: color-mix(in srgb, var(--_wash) 45%, transparent); }
.row.unread::before { position: absolute; left: 0.35rem; top: 1.5rem; color: var(--_accent); }
.symbol { display: grid; place-items: center; width: 2.2rem; height: 2.2rem; border-radius: 50%; background: var(--_wash); color: var(--_accent); }
.row:is([data-type="payment"], [data-type="review"]) .symbol { background: light-dark(#f7eed6, #332a16); color: light-dark(#806010, #dcb763); }
.row:is([data-type="system"], [data-type="reminder"]) .symbol { background: light-dark(#f9e9e2, #3a241c); color: var(--_warm); }
h4 { font-size: 1rem; }
.title { padding: 0; border: 0; background: none; text-align: start; overflow-wrap: anywhere; }
.unread .title { font-weight: 650; }
.words > p { color: var(--_quiet); overflow-wrap: anywhere; }
.unread .words > p { color: color-mix(in srgb, var(--_ink) 85%, var(--_quiet)); }
time { font-size: 0.82rem; color: var(--_quiet); white-space: nowrap; }
.actions { display: flex; position: absolute; right: 0.7rem; bottom: 0.35rem; border-radius: 2rem; background: var(--_bg); opacity: 0; }
.row:hover .actions, .row:focus-within .actions { opacity: 1; }
@media (hover: none) { .actions { position: static; grid-column: 2 / -1; opacity: 1; background: none; } }
.chips { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-top: 0.4rem; }
.chip { display: flex; align-items: center; gap: 0.35rem; padding: 0.05rem 0.55rem; border-radius: 1rem; font-size: 0.78rem; color: var(--_quiet); border: 1px solid var(--_line); }
.chip:is([data-status="sent"], [data-status="delivered"]) { color: var(--_accent); border-color: transparent; background: var(--_wash); }
.chip[data-status="failed"] { color: var(--_warm); border-color: currentcolor; }

.notice { display: grid; justify-items: center; gap: 0.8rem; padding: 3rem 1.5rem; color: var(--_quiet); text-align: center; }
.notice svg { width: 3rem; height: 3rem; stroke-width: 1; color: var(--_accent); }
.toast {
  position: absolute; z-index: 2; inset: auto 0.8rem 0.8rem; display: flex; align-items: center; justify-content: space-between; gap: 1rem;
  padding: 0.6rem 1rem; border-radius: 12px; background: var(--_ink); color: var(--_bg);
}
.toast.error { background: var(--_warm); color: var(--_on-accent); }
.toast button { border: 0; background: none; font-weight: 650; text-decoration: underline; }

@container (max-width: 24rem) { .row { grid-template-columns: auto minmax(0, 1fr); } time { grid-column: 2; grid-row: 2; } }
`;

const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
export default sheet;

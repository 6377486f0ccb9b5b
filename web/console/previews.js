/** What a template would say, as each channel shows it. */

import { make, spoken } from "./elements.js";
import { ask, reason } from "./service.js";

const PAUSE_MS = 250;
/** Of an SMS in the alphabet of GSM, one alone and each of several; any other character halves them, and a bit more. */
const SEGMENTS = { plain: [160, 153], wide: [70, 67] };
const WIDE = /[^\n\r !-_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà^{}\\[~\]|€]/u;

export class Previews {
  element = make("div", { className: "previews" });
  #timer = 0;
  #asked = 0;

  /** Renders after a pause in the typing; the edited one of the `drafts` has its words as they are typed. */
  soon(drafts, data) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#render(drafts, data), PAUSE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  async #render(drafts, data) {
    this.#asked += 1;
    const number = this.#asked;
    const cards = await Promise.all(faces(drafts).map(({ channel, draft }) => rendered(channel, draft, data)));
    if (number === this.#asked) this.element.replaceChildren(...cards);
  }
}

/** For each channel the template that speaks there: its own, else the inbox's, else any. */
function faces(drafts) {
  const spokenBy = (channel) => drafts.find((draft) => draft.delivery_channel === channel);
  return Object.keys(LOOKS).map((channel) => ({ channel, draft: spokenBy(channel) ?? spokenBy("in_app") ?? drafts[0] }));
}

async function rendered(channel, { id, delivery_channel: of, subject_template, body_template }, data) {
  const borrowed = of === channel ? "" : ` · in the words of ${spoken(of)}`;
  const name = make("h4", { textContent: spoken(channel) + borrowed });
  const card = make("article", { className: `preview ${channel}` }, name);
  try {
    const words = await ask("POST", `notification-templates/${id}/preview/`, { data, subject_template, body_template });
    card.append(...LOOKS[channel](words));
  } catch (error) {
    card.append(make("p", { className: "error", textContent: reason(error) }));
  }
  return card;
}

const LOOKS = {
  in_app: ({ subject, body }) => [make("b", { textContent: subject }), paragraph(body)],
  push: ({ subject, body }) => [make("b", { textContent: subject }), paragraph(body)],
  email: ({ subject, body }) => [
    make("p", { className: "subject" }, make("span", { className: "quiet", textContent: "Subject " }), subject),
    paragraph(body),
  ],
  sms: ({ body }) => [paragraph(body), make("p", { className: "quiet", textContent: segments(body) })],
};

function paragraph(words) {
  return make("p", { className: "body", textContent: words });
}

function segments(words) {
  const [alone, each] = SEGMENTS[WIDE.test(words) ? "wide" : "plain"];
  const count = words.length <= alone ? 1 : Math.ceil(words.length / each);
  return `${words.length} characters, ${count} message${count > 1 ? "s" : ""}`;
}

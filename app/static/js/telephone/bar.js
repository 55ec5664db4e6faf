// The telephone on the call bar of every page: how it stands, mute, keys. The telephone itself lives in a window of its
// own, so that no page that is left takes the call along; only the built-in one, which has no voice, lives on the page.
import { channel, telephone } from "./core.js";
import { simulated } from "./simulated.js";
import { shown } from "./shown.js";

// A window that does not say how it stands within this time is closed.
const patience = 1500;
let status = { state: "unknown" };
let own = null;

const part = () => document.querySelector("[data-telephone-bar]");
const isAlive = () => !["unknown", "closed"].includes(status.state);

function show(now) {
  status = now;
  shown(part(), status);
}

function ask(what, value) {
  if (own) own.asked[what]?.(value);
  else channel?.postMessage({ ask: what, value });
}

function open() {
  const frame = window.open("/console/telephone", "hotline-telephone", "popup,width=460,height=760");
  if (!frame) show({ ...status, state: "closed", trouble: "popup_refused" });
  return frame;
}

function begin() {
  const driver = part()?.dataset.telephoneBar;
  if (!driver || driver === "none") return;
  channel?.addEventListener("message", ({ data }) => data.status && !own && show(data.status));
  if (driver === "simulated" && !document.querySelector("[data-telephone]")) {
    own = telephone({ drive: simulated, needsCredentials: false, devices: () => ({}), microphone: async () => "", show });
    return own.begin();
  }
  channel?.postMessage({ ask: "who" });
  setTimeout(() => status.state === "unknown" && show({ state: "closed", trouble: "" }), patience);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-telephone-do]");
  if (!button) return;
  if (button.dataset.telephoneDo === "open") {
    if (open()) return;
  }
  ask(button.dataset.telephoneDo, button.dataset.value);
});
// Pressing “Take calls” also opens the telephone: a browser lets a window be opened by a press alone. So does “Answer”
// where its window was closed meanwhile: it would ring at nobody.
document.addEventListener("submit", ({ target }) => {
  if (!part()?.dataset.telephoneBar || ["none", "simulated"].includes(part().dataset.telephoneBar)) return;
  const wants = target.matches('#call-frame form[action^="/console/presence"]') && target.elements.state?.value === "available";
  const answers = target.matches('#call-frame form[action^="/console/offers/"][action*="/accept"]');
  if ((wants && !isAlive()) || (answers && status.state === "closed")) open();
}, true);
document.addEventListener("htmx:load", ({ detail }) => detail.elt.id === "call-frame" && shown(part(), status));
begin();

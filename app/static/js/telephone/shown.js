// Puts how a telephone stands into a part of a page: the sentences stand there already, in the reader's language.
//
//   data-telephone-words="ready"   is shown while that is the state, the trouble or "quality-bad"
//   data-telephone-while="talking" likewise, for what can be pressed; several with spaces between them
import { announce } from "../announcing.js";

let said = "";
// The bar is put anew now and then: who is pressing keys goes on pressing.
let keypad = false;

document.addEventListener("toggle", ({ target }) => {
  if (target.matches("details.keypad") && target.isConnected) keypad = target.open;
}, true);

export function shown(part, status) {
  if (!part) return;
  const now = [status.state, status.trouble, status.quality && `quality-${status.quality}`, status.muted ? "muted" : "open"];
  for (const one of part.querySelectorAll("[data-telephone-words], [data-telephone-while]")) {
    const wanted = (one.dataset.telephoneWords ?? one.dataset.telephoneWhile).split(" ");
    one.hidden = !wanted.some((word) => now.includes(word));
  }
  for (const button of part.querySelectorAll('[data-telephone-do="mute"]')) button.setAttribute("aria-pressed", String(Boolean(status.muted)));
  part.dataset.telephoneState = status.state;
  if (status.state !== "talking") keypad = false;
  for (const one of part.querySelectorAll("details.keypad")) one.open = keypad;
  // What went wrong is said to whoever does not see it.
  const trouble = [...part.querySelectorAll("[data-telephone-trouble]")].find((one) => !one.hidden)?.textContent.trim() ?? "";
  if (trouble && trouble !== said) announce(trouble);
  said = trouble;
}

// What goes wrong in the browser is said on the page (layouts/troubles.html) and counted by the server, never swallowed.
import { announce } from "./announcing.js";

const address = "/client-faults";
const again = 30000;
// One page counts each kind once a minute, however often it happens.
const quiet = 60000;
const counted = new Map();

export function tell(kind, where = "") {
  const words = document.querySelector(`[data-trouble="${kind}"]`);
  if (words?.hidden) {
    words.hidden = false;
    announce(words.textContent.trim());
  }
  count(kind, where);
}

export function settled(...kinds) {
  for (const kind of kinds) for (const words of document.querySelectorAll(`[data-trouble="${kind}"]`)) words.hidden = true;
}

export function count(kind, where = "") {
  const now = Date.now();
  if (now - (counted.get(kind) ?? 0) < quiet) return;
  counted.set(kind, now);
  send(new URLSearchParams({ kind, where }));
}

function send(body) {
  // While there is no connection the count waits: it is the connection that is most often the trouble.
  fetch(address, { method: "POST", body, keepalive: true }).catch(() => setTimeout(send, again, body));
}

// File and line only: the words of an error may hold what somebody typed.
function scriptFailed(file, line) {
  tell("script_error", `${(file ?? "").split(/[?#]/)[0].split("/").pop()}:${line ?? 0}`);
}

addEventListener("error", (event) => {
  // A script that could not be loaded says so here as well, and only while the event is caught on its way down.
  if (event.target instanceof HTMLScriptElement) scriptFailed(event.target.src, 0);
  else if (event instanceof ErrorEvent) scriptFailed(event.filename, event.lineno);
}, true);
addEventListener("unhandledrejection", () => scriptFailed("promise", 0));

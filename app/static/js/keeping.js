// An answer that somebody types is kept on the server; in this tab while the server cannot be reached or has signed them out.
import { announce } from "./announcing.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const again = 10000;
const sent = "answer-sent";
const kept = (url) => `answer:${url}`;

export function keepDraft(area) {
  if (area.dataset.keeping) return;
  area.dataset.keeping = "1";
  const url = area.dataset.draftUrl;
  let timer = 0;
  const send = () => {
    const body = area.value;
    timer = 0;
    fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ body }),
      keepalive: true,
    }).then(
      (answer) => (answer.ok ? reached(body) : missed(answer.status)),
      () => missed(0),
    );
  };
  const reached = (body) => {
    if (area.value === body) sessionStorage.removeItem(kept(url));
    say(area, "");
  };
  const missed = (status) => {
    sessionStorage.setItem(kept(url), area.value);
    import("./troubles.js").then(({ count }) => count("draft_not_kept"));
    say(area, status === 401 || status === 400 ? "signed-out" : "unreachable");
    timer ||= setTimeout(send, again);
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(send, 1000);
  });
  // What was typed in the last second must survive a closed tab; the answer itself ends the draft on the server.
  window.addEventListener("pagehide", () => timer && send());
  area.form?.addEventListener("submit", (event) => {
    const goal = event.submitter?.getAttribute("formaction") ?? area.form.getAttribute("action");
    if (event.defaultPrevented || !/\/(reply|hold|resolve)$/.test(goal)) return;
    clearTimeout(timer);
    timer = 0;
    sessionStorage.setItem(sent, JSON.stringify({ url, body: area.value }));
  });
  const before = sessionStorage.getItem(kept(url));
  if (before && before !== area.value) {
    area.value = before;
    announce(area.form?.querySelector("[data-kept-words]")?.dataset.keptWords ?? "");
    send();
  }
}

function say(area, state) {
  for (const words of area.form?.querySelectorAll("[data-draft-state]") ?? []) {
    const shown = words.dataset.draftState === state;
    if (shown && words.hidden) announce(words.textContent);
    words.hidden = !shown;
  }
}

// An answer has arrived when its own page comes back. Any other page (sign in, an error), or "back", means it has not.
function settle() {
  const { url, body } = JSON.parse(sessionStorage.getItem(sent) || "{}");
  if (!url) return;
  sessionStorage.removeItem(sent);
  const came = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (document.querySelector(`textarea[data-draft-url="${url}"]`) && !came) sessionStorage.removeItem(kept(url));
  else sessionStorage.setItem(kept(url), body);
}

document.addEventListener(
  "submit",
  (event) => {
    // The next person at this desk finds nothing of the last one.
    if (event.target.getAttribute("action") === "/sign-out") return sessionStorage.clear();
    if (navigator.onLine || event.target.method !== "post") return;
    event.preventDefault();
    for (const area of event.target.querySelectorAll("textarea[data-draft-url]")) say(area, "unreachable");
    window.dispatchEvent(new Event("offline"));
  },
  true,
);
settle();

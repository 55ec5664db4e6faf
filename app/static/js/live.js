// Reloads the fragments a server event names; asks every 15 seconds instead while there is no stream, and says so.
//
// An element says  data-refresh-on="queue,ticket-42" hx-get="/console/queue" hx-trigger="live" hx-swap="outerHTML".
// A stream event  {"names": ["queue", "ticket-42"]}  of the type "changed" (or a plain event name) triggers it.
const url = document.body.dataset.liveUrl;
const pollEvery = 15000;
// The server says something every 20 seconds; a line that is silent for longer than two of these is dead.
const deadAfter = 50000;
// A stream ends now and then by itself and is back at once; gone for this long it is a trouble.
const goneAfter = 20000;
let stream = null;
let heardAt = Date.now();
let lost = false;
// When something on the page was last known to be true; 0 while asking works.
let staleSince = 0;
let goneTimer = 0;
// The server is there, and its database is not.
let blind = false;

function refresh(names) {
  for (const element of document.querySelectorAll("[data-refresh-on]")) {
    // What somebody is filling in is left as it is until they close it or send it.
    if (element.querySelector("details[open] form")) continue;
    const wanted = element.dataset.refreshOn.split(",").map((name) => name.trim());
    if (names === null || wanted.some((name) => names.includes(name))) window.htmx?.trigger(element, "live");
  }
}

function connection(isLost) {
  if (isLost && !lost) goneTimer = setTimeout(() => import("./troubles.js").then(({ count }) => count("stream_lost")), goneAfter);
  else if (!isLost) clearTimeout(goneTimer);
  lost = isLost;
  say();
}

// "Refreshed every few seconds" is only said while asking does work.
function say() {
  const time = new Date(staleSince).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  for (const sign of document.querySelectorAll("[data-connection]")) {
    sign.hidden = blind || (!lost && !staleSince);
    sign.textContent = staleSince ? sign.dataset.stale.replace("{time}", time) : lost ? sign.dataset.lost : "";
  }
}

// Not of a page that only gave way to calls.
function isAway(answer) {
  return answer.status === 503 && answer.getResponseHeader("X-Database") === "away";
}

// A list that merely stands still looks like one on which nothing happens.
function sees(isBlind) {
  if (isBlind === blind) return;
  blind = isBlind;
  say();
  // Who takes calls is told by the heartbeat, which knows more of talks.
  const isSaid = blind && !document.querySelector("[data-beat]");
  import("./troubles.js").then(({ tell, settled }) => (isSaid ? tell : settled)("page_without_database"));
  if (!blind) refresh(null);
}

function asking(failed) {
  return ({ detail }) => {
    if (detail.elt.matches("[data-refresh-on]") && detail.xhr.status !== 401) sees(failed && isAway(detail.xhr));
    if (!detail.elt.matches("[data-refresh-on]") || detail.xhr.status === 401 || Boolean(staleSince) === failed) return;
    staleSince = failed ? Date.now() : 0;
    say();
  };
}

function namesOf(event) {
  try {
    const told = JSON.parse(event.data);
    return told.names ?? [event.type];
  } catch {
    return [event.type, event.data];
  }
}

function heard(isBlind = false) {
  heardAt = Date.now();
  // Whatever happened while the stream was away is fetched once.
  if (lost && !isBlind) refresh(null);
  connection(false);
  sees(isBlind);
}

function listen() {
  stream?.close();
  heardAt = Date.now();
  stream = new EventSource(url, { withCredentials: true });
  stream.onopen = () => heard(blind);
  stream.addEventListener("alive", () => heard());
  stream.addEventListener("blind", () => heard(true));
  for (const type of ["message", "changed"]) {
    stream.addEventListener(type, (event) => {
      heard();
      refresh(namesOf(event));
    });
  }
  stream.onerror = () => connection(true);
}

// A refused stream is never tried again by the browser itself, and a line that was cut says nothing at all.
function watch() {
  if (url && window.EventSource && (stream.readyState === EventSource.CLOSED || Date.now() - heardAt > deadAfter)) {
    connection(true);
    listen();
  }
  // Hidden tabs keep silent; a tab that is looked at again is brought up to date at once. What could not be asked when the
  // stream named it is asked again: the stream names it once.
  if ((lost || staleSince) && !document.hidden) refresh(null);
}

if (document.querySelector("[data-refresh-on]")) {
  if (url && window.EventSource) listen();
  else connection(true);
  setInterval(watch, pollEvery);
  document.addEventListener("visibilitychange", watch);
  window.addEventListener("offline", () => connection(true));
  window.addEventListener("online", watch);
  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, asking(true));
  }
  document.addEventListener("htmx:afterOnLoad", (event) => event.detail.successful && asking(false)(event));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) return;
    for (const sign of document.querySelectorAll("[data-signed-out]")) sign.hidden = false;
    for (const sign of document.querySelectorAll("[data-connection]")) sign.hidden = true;
  });
}

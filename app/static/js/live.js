// Reloads the fragments a server event names; asks every 15 seconds instead while there is no stream, and says so.
//
// An element says  data-refresh-on="queue,ticket-42" hx-get="/console/queue" hx-trigger="live" hx-swap="outerHTML".
// A stream event  {"names": ["queue", "ticket-42"]}  of the type "changed" (or a plain event name) triggers it.
const url = document.body.dataset.liveUrl;
const pollEvery = 15000;
// The server says something every 20 seconds; a line that is silent for longer than two of these is dead.
const deadAfter = 50000;
let stream = null;
let heardAt = Date.now();
let lost = false;

function refresh(names) {
  for (const element of document.querySelectorAll("[data-refresh-on]")) {
    const wanted = element.dataset.refreshOn.split(",").map((name) => name.trim());
    if (names === null || wanted.some((name) => names.includes(name))) window.htmx?.trigger(element, "live");
  }
}

function connection(isLost) {
  lost = isLost;
  for (const sign of document.querySelectorAll("[data-connection]")) {
    sign.hidden = !lost;
    sign.textContent = lost ? sign.dataset.lost : "";
  }
}

function namesOf(event) {
  try {
    const told = JSON.parse(event.data);
    return told.names ?? [event.type];
  } catch {
    return [event.type, event.data];
  }
}

function heard() {
  heardAt = Date.now();
  // Whatever happened while the stream was away is fetched once.
  if (lost) refresh(null);
  connection(false);
}

function listen() {
  stream?.close();
  heardAt = Date.now();
  stream = new EventSource(url, { withCredentials: true });
  stream.onopen = heard;
  stream.addEventListener("alive", heard);
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
  // Hidden tabs keep silent; a tab that is looked at again is brought up to date at once.
  if (lost && !document.hidden) refresh(null);
}

if (document.querySelector("[data-refresh-on]")) {
  if (url && window.EventSource) listen();
  else connection(true);
  setInterval(watch, pollEvery);
  document.addEventListener("visibilitychange", watch);
  window.addEventListener("offline", () => connection(true));
  window.addEventListener("online", watch);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) return;
    for (const sign of document.querySelectorAll("[data-signed-out]")) sign.hidden = false;
    for (const sign of document.querySelectorAll("[data-connection]")) sign.hidden = true;
  });
}

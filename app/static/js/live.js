// Reloads the fragments a server event names; asks every 15 seconds instead while there is no stream.
//
// An element says  data-refresh-on="queue,ticket-42" hx-get="/console/queue" hx-trigger="live" hx-swap="outerHTML".
// A stream event  {"names": ["queue", "ticket-42"]}  of the type "changed" (or a plain event name) triggers it.
const url = document.body.dataset.liveUrl;
const pollEvery = 15000;
let lastEventAt = 0;

function refresh(names) {
  for (const element of document.querySelectorAll("[data-refresh-on]")) {
    const wanted = element.dataset.refreshOn.split(",").map((name) => name.trim());
    if (names === null || wanted.some((name) => names.includes(name))) window.htmx?.trigger(element, "live");
  }
}

function connection(lost) {
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

function listen() {
  const stream = new EventSource(url, { withCredentials: true });
  stream.onopen = () => {
    // Whatever happened while the stream was away is fetched once.
    if (lastEventAt < 0) refresh(null);
    lastEventAt = Date.now();
    connection(false);
  };
  stream.onmessage = (event) => refresh(namesOf(event));
  stream.addEventListener("changed", (event) => refresh(namesOf(event)));
  stream.onerror = () => {
    lastEventAt = -1;
    connection(true);
  };
}

if (document.querySelector("[data-refresh-on]")) {
  if (url && window.EventSource) listen();
  else lastEventAt = -1;
  // Hidden tabs keep silent; a tab that is looked at again is brought up to date at once.
  setInterval(() => {
    if (lastEventAt < 0 && !document.hidden) refresh(null);
  }, pollEvery);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && lastEventAt < 0) refresh(null);
  });
}

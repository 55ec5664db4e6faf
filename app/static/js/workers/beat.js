// A worker: tells the server again and again that this console is open, and the page what came of it.
// It needs the headers of its folder (app/web/frame/response_headers.py): under those of other files nothing leaves it.
let told = null;

// Each message changes what is told from now on: `telephone` is "ready" while the telephone of this page can ring, "talking" while it talks.
// The first says how often that is, in milliseconds; an answer is waited for until shortly before the next.
self.onmessage = ({ data }) => {
  const isFirst = told === null;
  told = { ...told, ...data };
  beat();
  if (isFirst) setInterval(beat, told.every);
};

function beat() {
  fetch(told.address, {
    method: "POST",
    headers: { "X-CSRFToken": told.token, "X-Telephone": told.telephone },
    credentials: "same-origin",
    // A page that asks for a code or a password is no answer to a heartbeat.
    redirect: "manual",
    signal: AbortSignal.timeout(told.every * 0.8),
  }).then(
    (answer) => self.postMessage({ status: answer.type === "opaqueredirect" ? 401 : answer.status, state: answer.headers.get("X-Presence") }),
    () => self.postMessage({ status: 0, state: null }),
  );
}

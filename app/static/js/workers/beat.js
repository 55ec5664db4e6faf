// A worker: tells the server again and again that this console is open, and the page what came of it.
// It needs the headers of its folder (app/web/frame/response_headers.py): under those of other files nothing leaves it.
let told = null;
// What the page was told last and has not answered yet. One that hangs shows no call: it is not said to be open.
let isUnanswered = false;
let isMissed = false;

// Each message changes what is told from now on: `telephone` is "ready" while the telephone of this page can ring, "talking" while it talks.
// The first says how often that is, in milliseconds; an answer is waited for until shortly before the next.
self.onmessage = ({ data }) => {
  if (data.isThere) return answered();
  const isFirst = told === null;
  told = { ...told, ...data };
  beat();
  if (isFirst) setInterval(beat, told.every);
};

// Whoever wakes up is heard at once.
function answered() {
  isUnanswered = false;
  if (isMissed) beat();
}

function tellPage(words) {
  isUnanswered = true;
  self.postMessage(words);
}

function beat() {
  isMissed = isUnanswered;
  if (isMissed) return;
  fetch(told.address, {
    method: "POST",
    headers: { "X-CSRFToken": told.token, "X-Telephone": told.telephone },
    credentials: "same-origin",
    // A page that asks for a code or a password is no answer to a heartbeat.
    redirect: "manual",
    signal: AbortSignal.timeout(told.every * 0.8),
  }).then(
    (answer) => tellPage({ status: answer.type === "opaqueredirect" ? 401 : answer.status, state: answer.headers.get("X-Presence") }),
    () => tellPage({ status: 0, state: null }),
  );
}

// A worker: tells the server every fifteen seconds that this console is open, and the page what came of it.
// It needs the headers of its folder (app/web/frame/response_headers.py): under those of other files nothing leaves it.
const every = 15000;
const patience = 12000;

self.onmessage = ({ data }) => {
  const beat = () =>
    fetch(data.address, {
      method: "POST",
      headers: { "X-CSRFToken": data.token },
      credentials: "same-origin",
      // A page that asks for a code or a password is no answer to a heartbeat.
      redirect: "manual",
      signal: AbortSignal.timeout(patience),
    }).then(
      (answer) => self.postMessage({ status: answer.type === "opaqueredirect" ? 401 : answer.status, state: answer.headers.get("X-Presence") }),
      () => self.postMessage({ status: 0, state: null }),
    );
  beat();
  setInterval(beat, every);
};

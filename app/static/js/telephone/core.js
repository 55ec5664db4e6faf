// The telephone of an agent in the browser, whoever rings it. It registers, answers, mutes, presses keys and watches the
// line; who carries the voice is a driver (exchange.js, provider.js, simulated.js) of one shape:
//
//   start(credentials, devices)  registers, and goes on registering by itself until stop()
//   renew(credentials)           as start, without letting go of a call
//   answer(), hangUp(), mute(on), keys(digits), use(devices), stop()
//   quality()                    a promise of {loss, jitter, roundTrip}: share, seconds, seconds; or null
//
// and tells its host: registered(), unregistered(why), incoming(), talking(), ended(), trouble(kind).
// Holding a caller is not the driver's: the server takes the caller's side of the call to the music.
import { stands } from "../console.js";

const lockName = "hotline-telephone";
// Credentials are renewed after this share of their time.
const renewAfter = 0.8;
const firstPause = 1000;
const longestPause = 30000;
const listenEvery = 5000;
// Worse than this a talk can hardly be understood: share of lost packets, seconds of shaking, seconds there and back.
const bad = { loss: 0.05, jitter: 0.06, roundTrip: 0.5 };

export const channel = "BroadcastChannel" in window ? new BroadcastChannel(lockName) : null;

export function telephone({ drive, needsCredentials, devices, microphone, show }) {
  const status = { state: "starting", trouble: "", muted: false, quality: "" };
  let driver = null;
  let pause = firstPause;
  let renewing = 0;
  let listening = 0;
  let letGo = () => {};
  let queued = new AbortController();

  function tell(change) {
    Object.assign(status, change);
    show(status);
    channel?.postMessage({ status: { ...status } });
    stands({ ready: "ready", ringing: "ready", connecting: "ready", talking: "talking" }[status.state] ?? "");
  }

  const host = {
    registered() {
      pause = firstPause;
      if (!onCall()) tell({ state: "ready", trouble: "" });
    },
    unregistered(why) {
      if (status.state === "stopped" || status.state === "elsewhere") return;
      tell(onCall() ? { trouble: why } : { state: "registering", trouble: why });
      again();
    },
    async incoming(expected = false) {
      tell({ state: "ringing" });
      // It rings because somebody pressed “Answer” on the bar; whatever else calls waits for a press here.
      if (expected || (await isExpected())) answer();
    },
    talking() {
      tell({ state: "talking", trouble: "", muted: false, quality: "" });
      clearInterval(listening);
      listening = setInterval(listen, listenEvery);
    },
    ended() {
      clearInterval(listening);
      tell({ state: "ready", muted: false, quality: "" });
    },
    trouble: (kind) => tell({ trouble: kind }),
  };

  const onCall = () => ["ringing", "connecting", "talking"].includes(status.state);

  function answer() {
    if (status.state !== "ringing") return;
    tell({ state: "connecting" });
    driver.answer();
  }

  // One window rings: whoever holds the lock. `steal` takes it from another one.
  function begin(steal = false) {
    if (!navigator.locks) return tell({ state: "stopped", trouble: "not_secure" });
    tell({ state: "elsewhere" });
    queued.abort();
    const mine = (queued = new AbortController());
    const wish = steal ? { steal } : { signal: mine.signal };
    navigator.locks.request(lockName, wish, hold).catch(() => mine === queued && stop("elsewhere"));
  }

  async function hold() {
    const released = new Promise((resolve) => (letGo = resolve));
    tell({ state: "registering", trouble: "" });
    await connect();
    await released;
  }

  async function connect() {
    if (status.state === "stopped" || status.state === "elsewhere") return;
    const missing = await microphone();
    if (missing) return stop("stopped", missing);
    const credentials = needsCredentials ? await ask() : {};
    if (!credentials) return;
    if (credentials.valid_until) renewAt(credentials.valid_until);
    if (driver) return driver.renew(credentials);
    driver = drive(host);
    driver.start(credentials, devices());
  }

  // What cannot be had now is asked for again; who is signed out is not.
  async function ask() {
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    try {
      const answer = await fetch("/console/telephone/credentials", {
        method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin", redirect: "manual",
      });
      if (answer.ok) return await answer.json();
      const ends = { 401: "signed_out", 403: "signed_out", 400: "signed_out", 409: "not_here" }[answer.status] ?? (answer.type === "opaqueredirect" ? "signed_out" : "");
      if (ends) return stop("stopped", ends);
    } catch {
      // No network: below.
    }
    if (!onCall()) tell({ state: "registering", trouble: "unreachable" });
    return again();
  }

  function again() {
    clearTimeout(renewing);
    renewing = setTimeout(connect, pause);
    pause = Math.min(pause * 2, longestPause);
    return null;
  }

  function renewAt(until) {
    clearTimeout(renewing);
    renewing = setTimeout(connect, Math.max((new Date(until) - Date.now()) * renewAfter, firstPause));
  }

  // The computer woke up or the network changed: what stood may be gone, and is asked for now.
  function wake() {
    if (["registering", "ready"].includes(status.state)) {
      pause = firstPause;
      clearTimeout(renewing);
      connect();
    }
  }

  async function isExpected() {
    try {
      const answer = await fetch("/console/telephone/line", { credentials: "same-origin", redirect: "manual" });
      return answer.ok && (await answer.json()).expected;
    } catch {
      return false;
    }
  }

  async function listen() {
    const heard = await driver.quality();
    if (!heard || status.state !== "talking") return;
    const isBad = Object.keys(bad).some((what) => heard[what] > bad[what]);
    tell({ quality: isBad ? "bad" : "good" });
  }

  function stop(state = "stopped", trouble = "") {
    clearTimeout(renewing);
    clearInterval(listening);
    driver?.stop();
    driver = null;
    tell({ state, trouble });
    letGo();
    return null;
  }

  const asked = {
    who: () => channel?.postMessage({ status: { ...status } }),
    answer,
    hangUp: () => driver?.hangUp(),
    mute: () => {
      if (!onCall()) return;
      driver.mute(!status.muted);
      tell({ muted: !status.muted });
    },
    keys: (digits) => status.state === "talking" && driver.keys(digits),
    devices: () => driver?.use(devices()),
    retry: () => {
      if (status.state === "elsewhere") return begin(true);
      if (status.state === "stopped") return begin();
      return wake();
    },
  };
  channel?.addEventListener("message", ({ data }) => asked[data.ask]?.(data.value));
  document.addEventListener("hotline:signed-out", () => stop("stopped", "signed_out"));
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
  addEventListener("pagehide", () => {
    // Whoever talks is not left on a line on which nobody speaks any more: they are put through again.
    if (onCall()) driver?.hangUp();
    channel?.postMessage({ status: { ...status, state: "closed", trouble: "" } });
  });
  return { begin, stop, asked, status };
}

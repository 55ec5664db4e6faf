// The call bar beyond HTML: says that the console is open, and calls attention to a call that rings.
import { announce } from "./announcing.js";
import { settled, tell } from "./troubles.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const title = document.title;
const heartbeats = ["heartbeat_signed_out", "heartbeat_refused", "heartbeat_unheard", "worker_failed"];
// A clock that jumped by more than this stood still: the computer slept, or the browser froze the tab.
const asleep = 30000;
let worker = null;
let ringing = false;
let looked = Date.now();

// Timers of a hidden tab are slowed down by browsers; a worker's are not, and an agent who reads elsewhere stays present.
function beat() {
  const address = document.querySelector("[data-beat]")?.dataset.beat;
  if (!address) {
    worker?.terminate();
    worker = null;
    settled(...heartbeats);
  } else if (!worker) start(address);
}

function start(address) {
  try {
    worker = new Worker(document.querySelector("script[data-beat-worker]").dataset.beatWorker);
  } catch {
    return tell("worker_failed");
  }
  worker.onerror = () => tell("worker_failed");
  worker.onmessage = ({ data }) => heard(data);
  worker.postMessage({ address, token });
}

// A heartbeat that is not heard costs the agent the next call, so it is never passed over.
function heard({ status, state }) {
  const trouble = troubleOf(status);
  settled(...heartbeats.filter((kind) => kind !== trouble));
  if (trouble) return tell(trouble);
  // The bar on this page may be older than what the server knows: the agent was put away while the computer slept.
  const shown = document.querySelector("[data-presence]")?.dataset.presence;
  if (state && shown && state !== shown) refresh();
}

function troubleOf(status) {
  if (status >= 200 && status < 300) return "";
  if (status === 401) return "heartbeat_signed_out";
  return status >= 400 && status < 500 ? "heartbeat_refused" : "heartbeat_unheard";
}

function refresh() {
  window.htmx?.trigger("#call-frame", "live");
}

function tone() {
  try {
    const audio = new AudioContext();
    const sound = audio.createOscillator();
    const volume = audio.createGain();
    sound.frequency.value = 880;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.6);
    sound.connect(volume).connect(audio.destination);
    sound.start();
    sound.stop(audio.currentTime + 0.6);
    sound.onended = () => audio.close();
  } catch {
    // A browser without sound; the title and the bar still say it.
  }
}

function ring() {
  const frame = document.querySelector("#call-frame");
  const words = frame?.dataset.ringing;
  if (words && !ringing) announce(words);
  ringing = Boolean(words);
  const sign = words ? `☎ ${words}` : frame?.dataset.thrownOff ? `⚠ ${frame.dataset.thrownOff}` : "";
  document.title = sign ? `${sign} · ${title}` : title;
  if (words) tone();
}

// Browsers keep a page silent until it was touched once: said before a call rings unheard.
function mute() {
  const silent = document.querySelector("#call-frame [data-silent]");
  if (silent) silent.hidden = navigator.userActivation?.hasBeenActive ?? true;
}

function look() {
  beat();
  ring();
  mute();
}

function watch() {
  const now = Date.now();
  if (now - looked > asleep) refresh();
  looked = now;
  if (ringing) ring();
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "call-frame") look();
});
// A press of the bar changes the bar alone. Whoever is typing is not led away from it, not even by answering a call.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.matches("#call-frame form")) return;
  const isTyping = Boolean(document.querySelector("form[data-typed]"));
  detail.headers["X-Typing"] = isTyping ? "1" : "0";
  if (isTyping) import("./keeping.js").then(({ flush }) => flush());
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, ({ detail }) => {
    if (!detail.elt.matches("#call-frame form")) return;
    tell("press_failed");
    // The call may be over, or somebody else's by now: the bar says how it stands.
    refresh();
  });
}
document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
  if (detail.successful && detail.elt.matches("form")) settled("press_failed");
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => setTimeout(mute));
setInterval(watch, 2500);
look();

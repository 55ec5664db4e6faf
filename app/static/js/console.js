// The call bar beyond HTML: says that the console is open, and calls attention to a call that rings.
import { announce } from "./announcing.js";
import { ringWithin } from "./ringing.js";
import { settled, tell } from "./troubles.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const title = document.title;
const heartbeats = ["heartbeat_signed_out", "heartbeat_refused", "heartbeat_unheard", "server_without_database", "worker_failed"];
// A clock that jumped by more than this stood still: the computer slept, or the browser froze the tab.
const asleep = 30000;
let worker = null;
let telephone = "";
let mayRing = !navigator.locks;
let note = null;
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
  const every = Number(document.querySelector("script[data-beat-every]").dataset.beatEvery);
  try {
    worker = new Worker(document.querySelector("script[data-beat-worker]").dataset.beatWorker);
  } catch {
    return tell("worker_failed");
  }
  worker.onerror = () => tell("worker_failed");
  worker.onmessage = ({ data }) => {
    // It says no more that this page is open than this page answers.
    worker?.postMessage({ isThere: true });
    heard(data);
  };
  worker.postMessage({ address, token, telephone, every });
}

// The telephone of this page can ring ("ready"), talks ("talking") or can do neither: said with every heartbeat, and at
// once when it changes.
export function stands(now) {
  if (now === telephone) return;
  telephone = now;
  worker?.postMessage({ telephone });
}

// A heartbeat that is not heard costs the agent the next call, so it is never passed over.
function heard({ status, state }) {
  const trouble = troubleOf(status);
  settled(...heartbeats.filter((kind) => kind !== trouble));
  if (trouble === "heartbeat_signed_out") document.dispatchEvent(new CustomEvent("hotline:signed-out"));
  if (trouble) return tell(trouble);
  // The bar on this page may be older than what the server knows: the agent was put away while the computer slept.
  const shown = document.querySelector("[data-presence]")?.dataset.presence;
  if (state && shown && state !== shown) refresh();
}

function troubleOf(status) {
  if (status >= 200 && status < 300) return "";
  if (status === 401) return "heartbeat_signed_out";
  if (status === 503) return "server_without_database";
  return status >= 400 && status < 500 ? "heartbeat_refused" : "heartbeat_unheard";
}

function refresh() {
  window.htmx?.trigger("#call-frame", "live");
}

// Twice two tones, as telephones ring, made here.
function tone() {
  if (!mayRing) return;
  try {
    const audio = new AudioContext();
    audio.setSinkId?.(localStorage.getItem("hotline-speaker") ?? "").catch(() => localStorage.removeItem("hotline-speaker"));
    const volume = audio.createGain();
    volume.connect(audio.destination);
    volume.gain.setValueAtTime(0, audio.currentTime);
    for (const begin of [0, 0.6]) {
      volume.gain.setTargetAtTime(0.07, audio.currentTime + begin, 0.02);
      volume.gain.setTargetAtTime(0, audio.currentTime + begin + 0.4, 0.05);
    }
    for (const pitch of [425, 480]) {
      const sound = audio.createOscillator();
      sound.frequency.value = pitch;
      sound.connect(volume);
      sound.start();
      sound.stop(audio.currentTime + 1.4);
      sound.onended = () => audio.state !== "closed" && audio.close();
    }
  } catch {
    // A browser without sound; the title and the bar still say it.
  }
}

// One tab rings, and shows a notification: of those that were touched, without which no browser lets a page be heard.
function claimRing() {
  if (mayRing || claimRing.asked || !navigator.userActivation?.hasBeenActive) return;
  claimRing.asked = true;
  navigator.locks.request("hotline-ring", () => {
    mayRing = true;
    return new Promise(() => {});
  });
}

function notice(words) {
  if (!words) {
    note?.close();
    note = null;
  } else if (!note && mayRing && document.hidden && window.Notification?.permission === "granted") {
    note = new Notification(words, { tag: "hotline-call", requireInteraction: true });
    note.onclick = () => window.focus();
  }
}

function ring() {
  const frame = document.querySelector("#call-frame");
  const words = frame?.dataset.ringing;
  if (words && !ringing) announce(words);
  ringing = Boolean(words);
  ringWithin(frame);
  const sign = words ? `☎ ${words}` : frame?.dataset.thrownOff ? `⚠ ${frame.dataset.thrownOff}` : "";
  document.title = sign ? `${sign} · ${title}` : title;
  if (words) tone();
  notice(words);
}

// Browsers keep a page silent until it was touched once: said before a call rings unheard.
function mute() {
  const silent = document.querySelector("#call-frame [data-silent]");
  if (silent) silent.hidden = navigator.userActivation?.hasBeenActive ?? true;
  claimRing();
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
  // A window that holds a telephone is never left either: the call would end with it.
  const isTyping = Boolean(document.querySelector("form[data-typed], [data-telephone]"));
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
// What was opened under the bar is put away without a page.
document.addEventListener("click", (event) => {
  const closes = event.target.closest("#call-panel [data-close-panel]");
  if (!closes) return;
  event.preventDefault();
  closes.closest("#call-panel").replaceChildren();
});
// A dialog that is opened while it rings takes the focus.
document.addEventListener("focusin", () => ringing && ringWithin(document.querySelector("#call-frame")));
document.addEventListener("visibilitychange", () => document.hidden || refresh());
for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => setTimeout(mute));
setInterval(watch, 2500);
look();

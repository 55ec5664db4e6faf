// The call bar beyond HTML: says that the console is open, and calls attention to a call that rings.
import { announce } from "./announcing.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const title = document.title;
let worker = null;
let ringing = false;

// Timers of a hidden tab are slowed down by browsers; a worker's are not, and an agent who reads elsewhere stays present.
function beat() {
  const address = document.querySelector("[data-beat]")?.dataset.beat;
  if (address && !worker && window.Worker) {
    worker = new Worker(document.querySelector("script[data-beat-worker]").dataset.beatWorker);
    worker.postMessage({ address, token });
  } else if (!address && worker) {
    worker.terminate();
    worker = null;
  }
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
    // Browsers keep a page silent until it was touched once; the title and the bar still say it.
  }
}

function ring() {
  const words = document.querySelector("[data-ringing]")?.dataset.ringing;
  if (words && !ringing) announce(words);
  ringing = Boolean(words);
  document.title = words ? `☎ ${words} · ${title}` : title;
  if (words) tone();
}

function look() {
  beat();
  ring();
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "call-frame") look();
});
setInterval(() => ringing && ring(), 2500);
look();

// The window that holds the telephone: it stays open while its agent works in other tabs.
import { chosen, keep, list, microphoneTrouble } from "./devices.js";
import { exchange } from "./exchange.js";
import { provider } from "./provider.js";
import { shown } from "./shown.js";
import { simulated } from "./simulated.js";
import { telephone } from "./core.js";
import { tryMicrophone } from "./trial.js";

const part = document.querySelector("[data-telephone]");
const drivers = { exchange, provider, simulated };
const kind = part.dataset.telephone;

// A browser that lists nothing leaves nothing to choose: what the computer has is used.
const unlisted = () => (part.querySelector("form[data-devices]").hidden = true);

// The built-in telephone has no voice: it needs no microphone to show how the rest works.
const phone = telephone({
  drive: drivers[kind],
  needsCredentials: kind !== "simulated",
  devices: chosen,
  microphone: kind === "simulated" ? async () => "" : microphoneTrouble,
  show(status) {
    shown(part, status);
    if (status.state === "ready") list(part.querySelector("form[data-devices]")).catch(unlisted);
    if (status.state === "closed") window.close();
  },
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-telephone-do]");
  if (button) phone.asked[button.dataset.telephoneDo]?.(button.dataset.value);
});
const devices = part.querySelector("form[data-devices]");
devices.addEventListener("change", ({ target }) => {
  keep(target.name, target.value);
  phone.asked.devices();
});
devices.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = devices.querySelector("[data-try]");
  button.disabled = true;
  const say = (word) => {
    for (const one of devices.querySelectorAll("[data-trial]")) one.hidden = one.dataset.trial !== word;
  };
  tryMicrophone(devices.querySelector("meter"), say).finally(() => {
    button.disabled = false;
    list(devices).catch(unlisted);
  });
});
navigator.mediaDevices?.addEventListener("devicechange", () => {
  list(devices).catch(unlisted);
  // A headset that is plugged in ends the trouble of having none.
  if (["no_microphone", "microphone_busy"].includes(phone.status.trouble)) phone.asked.retry();
});
navigator.permissions?.query({ name: "microphone" }).then(
  (allowed) => allowed.addEventListener("change", () => phone.status.trouble === "microphone_refused" && phone.asked.retry()),
  () => {},
);
const notes = part.querySelector("[data-notifications]");
if (notes && window.Notification?.permission === "default") {
  notes.hidden = false;
  notes.addEventListener("click", () => Notification.requestPermission().then(() => (notes.hidden = true)));
}
// The caller is to hear music, and whoever carries the call cannot take them out of the talk: putting this telephone down
// does. Once for each time, because a colleague who is asked meanwhile is heard by this telephone too.
let putDownFor = document.querySelector("#call-frame")?.dataset.putDown ?? "";
document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt.id !== "call-frame") return;
  const wanted = detail.elt.dataset.putDown ?? "";
  if (wanted && wanted !== putDownFor && phone.status.state === "talking") phone.asked.hangUp();
  putDownFor = wanted;
});
// The call is over on the bar, and the exchange has not said so: its goodbye may have been lost with the network.
let wasTaken = false;
document.addEventListener("htmx:load", ({ detail }) => {
  if (detail.elt.id !== "call-frame") return;
  const isTaken = detail.elt.dataset.presence === "on_call";
  if (wasTaken && !isTaken) setTimeout(() => !onCallNow() && phone.status.state === "talking" && phone.asked.hangUp(), 5000);
  wasTaken = isTaken;
});
const onCallNow = () => document.querySelector("#call-frame")?.dataset.presence === "on_call";
addEventListener("beforeunload", (event) => {
  if (phone.status.state === "talking") event.preventDefault();
});
phone.begin();

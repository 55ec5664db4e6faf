// What somebody types is kept: in this tab at once, and on the server where the form names an address for it.
//
// A form says  data-keep="reply:26…"  and perhaps  data-draft-url="…".  The server shows what it has kept by itself, so
// here only that comes back which did not reach it, or what was sent when somebody goes back to the form they sent.
import { announce } from "./announcing.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const pause = 1000;
// At a computer that others use, too, nothing stays in an open tab for long; staff have their drafts and sign out.
const shortly = 30 * 60 * 1000;
const aShift = 14 * 60 * 60 * 1000;
const again = 10000;
const unsent = (key) => `unsent:${key}`;
const sent = (key) => `sent:${key}`;
const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
const saves = new Set();

export function keep(form) {
  if (form.dataset.keeping) return;
  form.dataset.keeping = "1";
  const [key, url, name] = [form.dataset.keep, form.dataset.draftUrl, nameOf(form)];
  const fresh = name?.value ?? "";
  let timer = 0;
  const remember = () => write(unsent(key), { fields: fieldsOf(form), name: name?.value ?? "" });
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    const told = { fields: fieldsOf(form), name: name?.value ?? "" };
    return tell(url, told).then((status) => {
      if (status === 204 || status === 410) {
        if (same(told.fields, fieldsOf(form))) forget(unsent(key));
        return say(form, "");
      }
      remember();
      say(form, status === 401 || status === 400 ? "signed_out" : "unreachable");
      timer ||= setTimeout(save, again);
    });
  };
  form.addEventListener("input", () => {
    form.dataset.typed = "1";
    // What was sent already and is changed now is something new to send.
    if (name && form.dataset.wasSent) name.value = fresh;
    delete form.dataset.wasSent;
    remember();
    clearTimeout(timer);
    if (url) timer = setTimeout(save, pause);
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    clearTimeout(timer);
    timer = 0;
    write(sent(key), { fields: fieldsOf(form), name: name?.value ?? "" });
    forget(unsent(key));
  });
  // The last second must survive a closed tab; whether the form itself is on its way, its name tells the server.
  const leave = () => timer && save();
  window.addEventListener("pagehide", leave);
  saves.add(leave);
  bringBack(form, { key, url, name, save });
}

// Do not wait for a pause in the typing: something is about to change.
export function flush() {
  for (const leave of saves) leave();
}

async function bringBack(form, { key, url, name, save }) {
  const [mine, gone] = [read(unsent(key), url ? aShift : shortly), read(sent(key), shortly)];
  const before = mine ?? (isBack ? gone : null);
  if (!isBack) forget(sent(key));
  if (!before || same(before.fields, fieldsOf(form))) return mine && forget(unsent(key));
  // The server knows whether the form these words stood in was sent; without it, only going back brings sent words back.
  const wasSent = url ? (await tell(url, before)) === 410 : !mine;
  if (wasSent && mine) return forget(unsent(key));
  if (form.dataset.typed) return;
  fill(form, before.fields);
  if (wasSent && name) {
    name.value = before.name;
    form.dataset.wasSent = "1";
  }
  const words = document.querySelector(`[data-kept-words="${wasSent ? "sent" : "unsent"}"]`)?.cloneNode(true);
  if (words) {
    words.hidden = false;
    form.prepend(words);
    announce(words.textContent.trim());
  }
  if (!wasSent && url) save();
}

// The hidden field that names this one form: sent twice under one name, it acts once.
function nameOf(form) {
  return form.querySelector('input[type="hidden"][name="once"], input[type="hidden"][name="form_token"]');
}

function fieldsOf(form) {
  const fields = {};
  for (const field of form.elements) {
    if (!field.name || /^(hidden|file|password|submit|button|fieldset)$/.test(field.type) || field.closest("[aria-hidden]")) continue;
    if (!/^(checkbox|radio)$/.test(field.type)) fields[field.name] = field.value;
    else if (field.checked) fields[field.name] = field.value;
    else fields[field.name] ??= "";
  }
  return fields;
}

function fill(form, fields) {
  for (const field of form.elements) {
    if (!(field.name in fields) || /^(hidden|file|password|submit|button|fieldset)$/.test(field.type)) continue;
    if (/^(checkbox|radio)$/.test(field.type)) field.checked = field.value === fields[field.name];
    else field.value = fields[field.name];
    // Folded away, it would be thought lost.
    if (field.tagName === "TEXTAREA" && field.value) field.closest("details:not([data-dialog])")?.setAttribute("open", "");
    field.dispatchEvent(new Event("restored", { bubbles: true }));
  }
}

function same(one, other) {
  return Object.keys({ ...one, ...other }).every((name) => (one[name] ?? "").trim() === (other[name] ?? "").trim());
}

function tell(url, { fields, name }) {
  const body = new URLSearchParams({ ...fields, once: name });
  return fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body, keepalive: true, redirect: "manual" }).then(
    (answer) => answer.status || 401,
    () => 0,
  );
}

// Said beside the form where there is room for it, else on top of the page.
function say(form, state) {
  for (const words of form.querySelectorAll("[data-draft-state]")) {
    const shown = words.dataset.draftState === state;
    if (shown && words.hidden) announce(words.textContent.trim());
    words.hidden = !shown;
  }
  import("./troubles.js").then(({ count, settled, tell: tellOf }) => {
    if (!state) settled("draft_not_kept");
    else if (form.querySelector("[data-draft-state]")) count("draft_not_kept");
    else tellOf("draft_not_kept");
  });
}

function read(key, forAsLong) {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (kept && Date.now() - kept.at < forAsLong) return kept;
  forget(key);
  return null;
}

function write(key, value) {
  sessionStorage.setItem(key, JSON.stringify({ ...value, at: Date.now() }));
}

function forget(key) {
  sessionStorage.removeItem(key);
}

document.addEventListener(
  "submit",
  (event) => {
    // The next person at this desk finds nothing of the last one.
    if (event.target.getAttribute("action") === "/sign-out") return sessionStorage.clear();
    if (navigator.onLine || event.target.method !== "post") return;
    event.preventDefault();
    if (event.target.matches("form[data-keep]")) say(event.target, "unreachable");
    window.dispatchEvent(new Event("offline"));
  },
  true,
);

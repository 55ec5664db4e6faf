// Progressive enhancement of server-rendered pages: keys, dialogs, copying, counters, drafts. Everything works without it.
import { install } from "../vendor/hotkey/hotkey.js";
import { tick } from "./ticking.js";
import { countCharacters } from "./counting.js";
import { announce } from "./announcing.js";

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

function enhance(root) {
  for (const element of select(root, "[data-needs-script], [data-copy], [data-open-keys]")) element.hidden = false;
  for (const element of select(root, "[data-hotkey]")) install(element);
  for (const area of select(root, "textarea[data-counter]")) startCounting(area);
  for (const control of select(root, "[data-page-form]")) fromPageForm(control);
  const kept = select(root, "form[data-keep]");
  // Loaded where there is something to keep.
  if (kept.length) import("./keeping.js").then(({ keep }) => kept.forEach(keep));
  const closed = select(root, "[data-opens-again]");
  if (closed.length) import("./opening.js").then(({ openAgain }) => closed.forEach(openAgain));
  for (const details of select(root, "details[data-dialog]")) openAsDialog(details);
  for (const element of select(root, "[data-focus]")) element.focus();
  tick(root);
}

function select(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  return found;
}

// Without script all forms of a page are sent as one (app/web/console/one_form.py); with it, each is its own.
function fromPageForm(control) {
  if (control.dataset.pageForm) control.setAttribute("form", control.dataset.pageForm);
  else control.removeAttribute("form");
  if ("validated" in control.dataset) control.removeAttribute("formnovalidate");
  if (control.name) control.name = control.name.split(".").pop();
}

function startCounting(area) {
  if (area.dataset.counting) return;
  area.dataset.counting = "1";
  const show = () => countCharacters(area, document.getElementById(area.dataset.counterTarget));
  for (const kind of ["input", "restored"]) area.addEventListener(kind, show);
  show();
}

// Browsers give the clipboard to safe addresses only, and people may refuse it: then it is copied by hand.
function copyOut(button) {
  const told = (words) => {
    button.title = words;
    announce(words);
  };
  const byHand = () => {
    if (button.previousElementSibling) getSelection().selectAllChildren(button.previousElementSibling);
    told(button.dataset.notCopied);
  };
  if (!navigator.clipboard) return byHand();
  navigator.clipboard.writeText(button.dataset.copy).then(() => told(button.dataset.copied), byHand);
}

function openAsDialog(details) {
  if (details.dataset.enhanced || !window.HTMLDialogElement) return;
  details.dataset.enhanced = "1";
  const body = details.querySelector("[data-dialog-body]");
  const sheet = document.createElement("dialog");
  sheet.className = "sheet";
  sheet.setAttribute("aria-label", body.dataset.title);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-sm btn-outline-secondary sheet-close";
  close.textContent = body.dataset.close;
  close.addEventListener("click", () => sheet.close());
  sheet.append(close, body);
  details.append(sheet);
  const summary = details.querySelector("summary");
  const show = () => {
    details.open = true;
    sheet.showModal();
    sheet.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
  sheet.addEventListener("close", () => {
    details.open = false;
    summary.focus();
  });
  if (details.open) show();
}

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyOut(copy);
  if (event.target.closest("[data-print]")) window.print();
  const ask = event.target.closest("[data-confirm]");
  if (ask && !window.confirm(ask.dataset.confirm)) event.preventDefault();
  if (event.target.closest("[data-open-keys]")) document.getElementById("keys")?.showModal();
  for (const menu of document.querySelectorAll("details[data-menu][open], details.side-toggle[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open], details.side-toggle[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  // A page brought back by the browser's back button must be sendable again.
  window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));

// The answer to a form is no page to come back to: the browser's back button gets the address of the form instead.
if (document.body.dataset.ownAddress) history.replaceState(null, "", document.body.dataset.ownAddress);
// Nothing of the form that led here was done: what it held is not taken for sent.
if (document.querySelector("[data-not-sent]")) {
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith("sent:"))) {
    sessionStorage.setItem(key.replace("sent:", "unsent:"), sessionStorage.getItem(key));
    sessionStorage.removeItem(key);
  }
}
enhance(document);
setInterval(() => tick(document), 1000);

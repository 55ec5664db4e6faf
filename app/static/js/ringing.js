// A call that rings while a dialog is open. A dialog keeps everything behind it from being pressed, and what is typed in
// it is not to be lost for a call: so the call can be taken or put off from within, by the bar's own buttons.

function open() {
  return [...document.querySelectorAll("dialog:modal")].at(-1);
}

function copyOf(button) {
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = button.className;
  copy.append(...[...button.childNodes].map((node) => node.cloneNode(true)));
  copy.addEventListener("click", () => {
    button.click();
    // Whoever answers talks: the bar, with all that belongs to a call, is behind the dialog.
    if (button.form.action.endsWith("/accept")) copy.closest("dialog").close();
  });
  return copy;
}

function strip(frame) {
  const shown = document.createElement("div");
  shown.className = "call-within";
  shown.setAttribute("role", "alert");
  const words = document.createElement("strong");
  words.textContent = [frame.dataset.ringing, frame.querySelector(".call-who")?.firstChild?.textContent].filter(Boolean).join(" · ");
  const buttons = frame.querySelectorAll('form[action*="/console/offers/"] button');
  shown.append(words, ...[...buttons].map(copyOf));
  return shown;
}

// Once for each bar: another bar has other buttons.
export function ringWithin(frame) {
  const sheet = frame?.dataset.ringing ? open() : null;
  for (const shown of document.querySelectorAll(".call-within")) {
    if (shown.parentElement !== sheet || shown.of !== frame) shown.remove();
  }
  if (!sheet || sheet.querySelector(":scope > .call-within")) return;
  const shown = strip(frame);
  shown.of = frame;
  sheet.prepend(shown);
}

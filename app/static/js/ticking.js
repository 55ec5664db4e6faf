// Keeps the times on the page true, in the same words the server used (body[data-phrases]).
const phrases = JSON.parse(document.body.dataset.phrases || "{}");

export function tick(root) {
  const now = Date.now();
  for (const time of root.querySelectorAll("time[data-ticks]")) {
    const text = time.querySelector("[data-tick-text]");
    const words = say(time.dataset.ticks, Date.parse(time.dateTime), now, text.textContent);
    // Only a change is written: a screen reader's cursor must not be disturbed every second.
    if (words !== text.textContent) text.textContent = words;
    if (time.dataset.ticks === "due") show(time, Date.parse(time.dateTime) <= now);
  }
  for (const element of root.querySelectorAll("[data-countdown]")) {
    const words = stopwatch(Date.parse(element.dataset.countdown) - now);
    if (words !== element.textContent) element.textContent = words;
  }
}

function say(kind, at, now, before) {
  if (kind === "stopwatch") return stopwatch(now - at);
  if (kind === "due") return fill(at <= now ? phrases.overdue : phrases.left, length(Math.abs(at - now)));
  const past = (now - at) / 1000;
  if (past < 60) return past > -60 ? phrases.now : before;
  if (past < 3600) return fill(phrases.ago, counted("minute", Math.floor(past / 60)));
  if (past < 43200) return fill(phrases.ago, counted("hour", Math.floor(past / 3600)));
  // From half a day on the server says the date, which does not change.
  return before;
}

function length(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return phrases.under;
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  if (days) return hours && days <= 3 ? `${counted("day", days)} ${counted("hour", hours)}` : counted("day", days);
  if (!hours) return counted("minute", minutes);
  return minutes % 60 ? `${counted("hour", hours)} ${counted("minute", minutes % 60)}` : counted("hour", hours);
}

function counted(unit, number) {
  return fill(phrases[number === 1 ? unit : `${unit}s`], number);
}

function fill(phrase, value) {
  return String(phrase).replace("%s", value);
}

function stopwatch(milliseconds) {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function show(time, overdue) {
  if (overdue) {
    time.classList.remove("due-running", "due-warned");
    time.classList.add("due-breached");
  }
}

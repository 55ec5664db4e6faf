// While the demonstration is played behind the pages: count its per cent on, and say when it is there.
const line = document.querySelector("[data-demonstration]");
const EVERY_MS = 3000;

async function look() {
  let told;
  try {
    const answer = await fetch("/health/ready", { headers: { Accept: "application/json" }, cache: "no-store" });
    told = (await answer.json()).demonstration;
  } catch {
    // The server is busy or being started again; the line stays as it is and the next look will tell.
    setTimeout(look, EVERY_MS);
    return;
  }
  if (!told || told.failed) {
    line.remove();
  } else if (told.complete) {
    line.textContent = line.dataset.complete;
  } else {
    line.querySelector("[data-percent]").textContent = told.percent;
    setTimeout(look, EVERY_MS);
  }
}

if (line) setTimeout(look, EVERY_MS);

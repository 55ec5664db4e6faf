// A page that could not be shown opens by itself once it can be: whoever has just taken a call needs both hands for it.
const every = 5000;

export function openAgain(link) {
  if (link.dataset.opening) return;
  link.dataset.opening = "1";
  // Not all who were sent away at once come back at once.
  const wait = () => setTimeout(look, every * (1 + Math.random() / 2));
  async function look() {
    try {
      const answer = await fetch(link.href, { method: "HEAD", redirect: "manual", credentials: "same-origin" });
      if (answer.status < 500) return location.replace(link.href);
    } catch {
      // No network: asked again.
    }
    return wait();
  }
  wait();
}

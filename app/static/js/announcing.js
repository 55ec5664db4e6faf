// Saying something to screen readers. Apart from hotline.js, which must be loaded once only: a page loads that under an
// address with a fingerprint, and an import of it under another address would run it a second time.
export function announce(words) {
  const region = document.getElementById("live-region");
  if (region) region.textContent = words;
}

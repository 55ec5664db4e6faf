// The built-in telephone: it has no voice, and its calls are what the bar says. The same buttons do the same.
export function simulated(host) {
  let line = "";

  // As another telephone would ring: once the agent has answered on the bar; it ends when the call does.
  function look() {
    const now = document.querySelector("#call-frame")?.dataset.presence === "on_call" ? "talking" : "";
    if (now === line) return;
    line = now;
    if (now) host.incoming(true);
    else host.ended();
  }

  function seen({ detail }) {
    if (detail.elt.id === "call-frame") look();
  }

  return {
    start() {
      host.registered();
      document.addEventListener("htmx:load", seen);
      look();
    },
    renew: () => host.registered(),
    answer: () => host.talking(),
    hangUp: () => {},
    mute: () => {},
    keys: () => {},
    use: () => {},
    quality: async () => null,
    stop: () => document.removeEventListener("htmx:load", seen),
  };
}

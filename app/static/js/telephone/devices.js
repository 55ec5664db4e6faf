// Microphone and loudspeaker: which there are, which was chosen, whether the browser lets us listen.
const kept = { microphone: "hotline-microphone", speaker: "hotline-speaker" };

export function chosen() {
  return Object.fromEntries(Object.entries(kept).map(([what, key]) => [what, localStorage.getItem(key) ?? ""]));
}

export function keep(what, id) {
  localStorage.setItem(kept[what], id);
}

// "" when the microphone can be heard; else what stands against it.
export async function microphoneTrouble() {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) return "not_secure";
  try {
    silence(await listen());
    return "";
  } catch (trouble) {
    if (["NotFoundError", "DevicesNotFoundError"].includes(trouble.name)) return "no_microphone";
    if (["NotReadableError", "AbortError"].includes(trouble.name)) return "microphone_busy";
    return "microphone_refused";
  }
}

// The one that was chosen; where it is unplugged, whichever there is.
export async function listen() {
  const id = chosen().microphone;
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: id ? { deviceId: { exact: id } } : true });
  } catch (trouble) {
    if (!id || trouble.name !== "OverconstrainedError") throw trouble;
    keep("microphone", "");
    return navigator.mediaDevices.getUserMedia({ audio: true });
  }
}

export function silence(stream) {
  for (const track of stream.getTracks()) track.stop();
}

// Into the two drop-downs; a browser that lets nobody choose the loudspeaker has none to list.
export async function list(form) {
  const all = await navigator.mediaDevices.enumerateDevices();
  for (const [what, kind] of [["microphone", "audioinput"], ["speaker", "audiooutput"]]) {
    const select = form.elements[what];
    const found = all.filter((one) => one.kind === kind && one.deviceId);
    select.replaceChildren(select.options[0], ...found.filter((one) => one.deviceId !== "default").map((one) => new Option(one.label || one.deviceId, one.deviceId)));
    select.value = chosen()[what];
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.closest(".field").hidden = kind === "audiooutput" && !found.length;
  }
}

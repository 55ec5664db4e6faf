// A telephone provider that rings in browsers by a library of its own (app/static/vendor/voice-sdk).
const renewalNeeded = [20101, 20104, 31204, 31205, 51007];

export function provider(host) {
  let device = null;
  let call = null;
  let last = null;
  let chosen = {};

  async function start(credentials, devices) {
    device = new Twilio.Device(credentials.token, { codecPreferences: ["opus", "pcmu"], closeProtection: true, logLevel: "silent" });
    // The bar rings, in the one window that may; this library would ring once more.
    device.audio?.incoming(false);
    device.audio?.outgoing(false);
    device.audio?.disconnect(false);
    device.on("registered", () => host.registered());
    device.on("unregistered", () => host.unregistered("unreachable"));
    device.on("error", (trouble) => host.unregistered(renewalNeeded.includes(trouble.code) ? "refused" : "unreachable"));
    device.on("incoming", comes);
    use(devices);
    device.register().catch(() => host.unregistered("unreachable"));
  }

  function renew(credentials) {
    device.updateToken(credentials.token);
    if (device.state === "unregistered") device.register().catch(() => host.unregistered("unreachable"));
    else host.registered();
  }

  function comes(coming) {
    if (call) return coming.reject();
    call = coming;
    last = null;
    coming.on("accept", () => host.talking());
    coming.on("sample", (sample) => (last = sample));
    coming.on("error", () => host.trouble("line_failed"));
    for (const end of ["disconnect", "cancel", "reject"]) {
      coming.on(end, () => {
        if (call !== coming) return;
        call = null;
        host.ended();
      });
    }
    host.incoming();
  }

  function use(devices) {
    chosen = devices ?? {};
    if (chosen.microphone) device?.audio?.setInputDevice(chosen.microphone).catch(() => host.trouble("microphone_gone"));
    if (chosen.speaker) device?.audio?.speakerDevices.set(chosen.speaker).catch(() => host.trouble("speaker_gone"));
  }

  return {
    start,
    renew,
    use,
    answer: () => call?.accept(),
    hangUp: () => call?.disconnect(),
    mute: (on) => call?.mute(on),
    keys: (digits) => call?.sendDigits(digits),
    quality: async () => last && { loss: last.packetsLostFraction / 100, jitter: last.jitter / 1000, roundTrip: last.rtt / 1000 },
    stop: () => device?.destroy(),
  };
}
